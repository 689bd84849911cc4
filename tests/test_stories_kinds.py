"""Kinds of failure: items that are alike but not one event, and items about one event that read differently, in four languages.

All cases are invented and grouped in one window, as on a real morning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import combinations

import pytest
from test_stories_events import bystanders

from newsfeed.pipeline.answers.pipes import group_lines

Told = tuple[str, str]
Case = tuple[tuple[Told, ...], ...]  # the items of each of its stories

# Three stories of one occasion, each told by several outlets, and an item about all three.
OCCASIONS: dict[str, tuple[tuple[Told, ...], Told]] = {
    "de": (
        (
            ("Parteitag in Hellbach beschließt Tempolimit", "Auf Autobahnen soll künftig 130 gelten, entschieden die Delegierten mit knapper Mehrheit."),
            ("Delegierte wollen Wehrpflicht zurück", "Wer 18 wird, soll ein Jahr dienen: dafür stimmten zwei Drittel der Parteitagsdelegierten."),
            ("Parteichefin Vossberg mit 88 Prozent bestätigt", "Ohne Gegenkandidaten führt Vossberg ihre Partei zwei weitere Jahre."),
        ),
        ("Parteitag in Hellbach: der Überblick", "Die Delegierten beschließen ein Tempolimit, wollen die Wehrpflicht zurück und bestätigen Vossberg mit 88 Prozent."),
    ),
    "fr": (
        (
            ("Le sommet de Tarn gèle les quotas de pêche", "Les chalutiers garderont pendant trois ans leurs quotas de cabillaud et de sole."),
            ("Un fonds commun pour reconstruire les ports", "Douze milliards iront aux quais et aux phares abîmés par les tempêtes de l'hiver."),
            ("Ardanie rejoint l'union douanière", "Les douaniers quitteront la frontière ardanienne dès janvier prochain."),
        ),
        ("Sommet de Tarn : l'essentiel", "Quotas de pêche gelés, un fonds pour les ports et l'Ardanie dans l'union douanière : ce que le sommet a décidé."),
    ),
    "es": (
        (
            ("El presupuesto sube la edad de jubilación a 69 años", "Quienes nacieron después de 1979 trabajarán más, y los sindicatos protestan."),
            ("El impuesto a las segundas viviendas se duplica", "Los dueños de casas vacías en la costa pagarán el doble desde abril."),
            ("Gasolina: el gravamen queda congelado", "Los conductores seguirán pagando 53 céntimos por litro por tercer año."),
        ),
        ("El presupuesto de un vistazo", "Sube la edad de jubilación, se duplica el impuesto a las segundas viviendas y la gasolina no sube."),
    ),
}  # fmt: skip

APART: dict[str, tuple[Case, ...]] = {
    "a big story and its neighbour": (
        (
            (("Bahnbetreiber Kestrow streicht Nachtzüge", "Zwischen Tarn und Holm fahren ab Mai nachts keine Züge mehr, weil zu wenige Betten gebucht werden."),) * 8,
            (("Kestrow soll an Hollmann-Gruppe verkauft werden", "Die Gruppe bietet 400 Millionen für den Bahnbetreiber; die Aktionäre entscheiden im Juni."),) * 5,
        ),
        (
            (("La compagnie Verlaine supprime ses lignes de nuit", "Dès mai, plus de cars la nuit entre Tarn et Holm, faute de voyageurs."),) * 8,
            (("Verlaine en passe d'être rachetée par Osk", "Osk propose 400 millions pour la compagnie ; les actionnaires votent en juin."),) * 5,
        ),
        (
            (("La naviera Belmar cancela las travesías nocturnas", "Desde mayo no habrá barcos de noche entre Tarn y Holm por falta de coches."),) * 8,
            (("Belmar negocia su venta a Osk", "Osk ofrece 400 millones por la naviera y los accionistas deciden en junio."),) * 5,
        ),
    ),
    "a second event of one body": (
        (
            (("Velden council leader resigns", "Mara Holt leaves after eight years, she says, to care for her father."),),
            (("Velden council sued over playground", "Parents want damages for a slide that broke an arm; the court in Rill hears them in May."),),
        ),
        (
            (("Stadtrat von Grünau verkauft das alte Hallenbad", "Ein Bauunternehmer zahlt zwei Millionen und will dort Wohnungen errichten."),),
            (("Stadtrat von Grünau muss Gebühren zurückzahlen", "Ein Gericht hält die Bescheide für Abwasser von 2019 für rechtswidrig."),),
        ),
        (
            (("La mairie de Valmont ferme deux écoles", "Trop peu d'enfants dans les villages : les cars iront au chef-lieu."),),
            (("La mairie de Valmont victime de pirates", "Les serveurs sont bloqués et une rançon est exigée en monnaie numérique."),),
        ),
        (
            (("El ayuntamiento de Ríoseco prohíbe las terrazas", "Los vecinos se quejaban del ruido hasta la madrugada en la plaza."),),
            (("El ayuntamiento de Ríoseco halla mosaicos romanos", "Unas obras en las tuberías destaparon peces y delfines de hace dos milenios."),),
        ),
    ),
    "one name in two loose singles": (
        (
            (("Elin Tordal opens tram line", ""),),
            (("Elin Tordal under fire for dinner bill", ""),),
        ),
        (
            (("Bürgermeister Jost Ahlers eröffnet Radweg", "Zwölf Kilometer führen nun am Fluss entlang bis zur alten Mühle."),),
            (("Jost Ahlers wegen Abendessen in der Kritik", "Prüfer vermissen Belege für 14 Rechnungen aus teuren Gasthäusern."),),
        ),
        (
            (("Odile Marchand inaugure le tramway du port", "La première rame est partie à midi devant une foule de curieux."),),
            (("Notes de frais : Odile Marchand sous le feu des critiques", "Quatorze dîners sans reçu, relève un audit que l'opposition brandit."),),
        ),
        (
            (("Inés Robledo abre la línea del tranvía", "El primer convoy salió al mediodía entre aplausos hacia el muelle."),),
            (("Inés Robledo, criticada por una cena de lujo", "Una auditoría no encontró los recibos de catorce facturas."),),
        ),
    ),
    "a plain word taken for rare": (
        (
            (("Gletscher schmelzen schneller als befürchtet", ""),),
            (("Gletscher: ein kleines Werkzeug für Archivdaten", ""),),
        ),
        ((("Le phare de Tarn rallumé après dix ans", ""),), (("Phare, un éditeur de texte minuscule", ""),)),
        ((("El faro de Holm vuelve a brillar", ""),), (("Faro: un servidor web diminuto", ""),)),
        ((("Anchor found off the coast of Tarn", ""),), (("Anchor, a small queue for jobs", ""),)),
    ),
    "a how-to and a report on what it is about": (
        (
            (("How to delete your Lumero account", "Open the settings, choose your profile and confirm by mail within a week."),),
            (("Lumero fined 30 million over children's data", "The regulator says the service kept the birthdays of minors without consent."),),
        ),
        (
            (("So löschen Sie Ihr Konto bei Plauderix", "In den Einstellungen das Profil wählen und die Mail binnen einer Woche bestätigen."),),
            (("Plauderix zahlt 30 Millionen Strafe", "Die Behörde wirft dem Dienst vor, Geburtstage von Kindern gespeichert zu haben."),),
        ),
        (
            (("Comment supprimer son compte Bavardo", "Ouvrez les réglages, choisissez votre profil et confirmez par courriel."),),
            (("Bavardo condamné à 30 millions d'amende", "Le régulateur reproche au service d'avoir gardé les anniversaires de mineurs."),),
        ),
    ),
}  # fmt: skip

# Titles of one feed's series: each is a story of its own.
SERIES = (
    ("Choosing a roof rack for small cars", "Choosing a child seat for small cars", "Choosing winter tyres for small cars", "Choosing a cool box for small cars"),
    ("Den richtigen Dachträger für Kleinwagen wählen", "Den richtigen Kindersitz für Kleinwagen wählen", "Die richtigen Winterreifen für Kleinwagen wählen"),
    ("Bien choisir son coffre de toit pour une citadine", "Bien choisir son siège enfant pour une citadine", "Bien choisir ses pneus d'hiver pour une citadine"),
    ("Cómo elegir una baca para coches pequeños", "Cómo elegir una silla infantil para coches pequeños", "Cómo elegir neumáticos de invierno para coches pequeños"),
)  # fmt: skip

# A page about two stories does not join them.
BRIDGES = (
    (("Airport of Tarn shut as storm nears", "No flights leave until Tuesday, the airport says; runways are under water."), ("Storm cuts power to half of Holm", "Masts fell in the night; the grid's owner counts 40,000 homes without electricity."), "Storm live: Tarn airport shut; power grid fails in Holm"),
    (("Flughafen Tarn sperrt wegen Sturm alle Bahnen", "Bis Dienstag startet kein Flug, das Wasser steht auf den Pisten."), ("Stromnetz in Holm fällt nach Sturm aus", "40.000 Haushalte sind ohne Licht, weil nachts Masten knickten."), "Sturm im Liveblog: Flughafen Tarn gesperrt; Stromnetz in Holm fällt aus"),
    (("L'aéroport de Tarn fermé par la tempête", "Aucun avion ne décollera avant mardi, les pistes sont inondées."), ("Holm privée de courant après la tempête", "40 000 foyers dans le noir : des pylônes sont tombés dans la nuit."), "Tempête en direct : l'aéroport de Tarn fermé ; Holm privée de courant"),
    (("Zinsen bleiben bei zwei Prozent", "Die Notenbank von Ardanien wartet ab, wie sich die Löhne entwickeln."), ("Hitzewelle trifft Weizen und Mais", "Bauern in Ardanien rechnen mit einem Drittel weniger Ernte."), "Zinsen bleiben. Plus: Was die Hitzewelle für Weizen heißt"),
)  # fmt: skip

# One event in other words: copies of an agency's text under different titles.
TOGETHER: tuple[tuple[Told, ...], ...] = (
    (
        ("Composer who wrote the hymn of the games is dead at 91", "Teodor Varga, whose hymn opened the games of 1988, died at his home in Lisk on Sunday, his daughter said."),
        ("Author of the games' hymn dies", "Teodor Varga died in Lisk on Sunday, said his daughter. His hymn opened the games of 1988."),
    ),
    (
        ("Komponist der Spielehymne mit 91 gestorben", "Der Komponist Anton Brehme ist in Lisk gestorben, teilte seine Tochter mit. Seine Hymne eröffnete 1988 die Spiele."),
        ("Schöpfer der Hymne der Spiele ist tot", "Anton Brehme, dessen Hymne 1988 die Spiele eröffnete, starb am Sonntag in Lisk, so die Tochter."),
    ),
    (
        ("Le compositeur de l'hymne des jeux est mort à 91 ans", "Lucien Delorme, dont l'hymne ouvrit les jeux de 1988, est mort à Lisk, annonce sa fille."),
        ("Mort de l'auteur de l'hymne des jeux", "Sa fille annonce la mort à Lisk de Lucien Delorme ; son hymne avait ouvert les jeux de 1988."),
    ),
    (
        ("Muere a los 91 años el compositor del himno de los juegos", "Ramiro Quesada, cuyo himno abrió los juegos de 1988, murió en Lisk, dijo su hija."),
        ("Fallece el autor del himno de los juegos", "La hija de Ramiro Quesada confirmó su muerte en Lisk; el himno abrió los juegos de 1988."),
    ),
)  # fmt: skip

# Two matters of one person, company or country, each told by several outlets: not an affair.
MATTERS: tuple[Case, ...] = (
    (
        (
            ("Sanna Breck opens tram line to the harbour", "The first tram rolled at noon; 40,000 people a day are to ride it in Grenvik, the mayor said."),
            ("Grenvik's new tram carries its first riders", "Mayor Sanna Breck cut the ribbon; at noon the first tram to the harbour rolled."),
            ("Tram to the harbour opens in Grenvik", "At noon Sanna Breck, the mayor, sent off the first tram; 40,000 riders a day are expected."),
        ),
        (
            ("Sanna Breck under fire for dinner bill", "An audit found 14 meals without receipts. The opposition in Grenvik wants the mayor to pay them back."),
            ("Audit: Grenvik mayor's meals lack receipts", "Sanna Breck is to pay back 14 dinners, the opposition demands after an audit."),
            ("Opposition wants Breck to pay back dinners", "Fourteen meals of the mayor of Grenvik, Sanna Breck, have no receipts, says an audit."),
        ),
    ),
    (
        (
            ("Norling raises prices for its tablets", "Norling asks 50 crowns more for its tablets from Monday, the company said."),
            ("Tablets of Norling cost 50 crowns more", "From Monday the company Norling raises the price of all its tablets."),
            ("Norling tablets to get dearer on Monday", "The maker Norling adds 50 crowns to the price of each tablet."),
        ),
        (
            ("Norling fined over data leak", "The regulator fines Norling 4 million crowns as customers' addresses stood open; the company will appeal."),
            ("Data leak costs Norling 4 million", "Addresses of customers stood open for weeks; the regulator fines the company Norling."),
            ("Regulator fines Norling for open addresses", "Four million crowns for a leak of customer data; Norling will appeal."),
        ),
    ),
    (
        (
            ("Velmark raises rate to 4.75%", "The central bank of Velmark lifts its key rate by half a point to curb inflation."),
            ("Key rate in Velmark goes up half a point", "Velmark's central bank fights inflation with a rate of 4.75 percent."),
        ),
        (
            ("Velmark beats Sundria 3-1", "Velmark's team won in the rain; two goals fell after the break in the capital's stadium."),
            ("Sundria lose 3-1 in Velmark", "Two goals after the break brought Velmark's team the win in the rain of the capital."),
        ),
    ),
    (
        (
            ("Landrätin Gesa Thiel eröffnet Seilbahn zum Kloster", "Mittags schwebte die erste Gondel; 4.000 Gäste am Tag sollen sie in Oberlohe nutzen."),
            ("Oberlohe: Erste Gondel schwebt zum Kloster", "Landrätin Thiel schickte mittags die erste Gondel der Seilbahn auf die Strecke."),
            ("Neue Seilbahn in Oberlohe fährt zum Kloster", "Gesa Thiel durchschnitt das Band; 4.000 Gäste am Tag werden erwartet."),
        ),
        (
            ("Gesa Thiel wegen Spesen in der Kritik", "Eine Prüfung fand 14 Essen ohne Beleg. Die Opposition verlangt, dass die Landrätin von Oberlohe zahlt."),
            ("Prüfer finden 14 Essen ohne Beleg", "Die Opposition in Oberlohe fordert Geld von Landrätin Gesa Thiel zurück."),
            ("Opposition: Thiel soll Essen zurückzahlen", "Für 14 Essen der Landrätin fehlen Belege, sagt eine Prüfung in Oberlohe."),
        ),
    ),
)  # fmt: skip


def rows() -> Iterator[tuple[str, Told, str]]:
    """The name, the text and the outlet of every invented item."""
    for lang, (stories, hub) in OCCASIONS.items():
        for s, (title, text) in enumerate(stories):
            words = title.split()
            for n in range(4):
                yield f"occasion {lang} {s} {n}", (" ".join(words[n:] + words[:n]), text), f"Outlet {n}"
        yield f"occasion {lang} hub", hub, "Hub"
    for kind, cases in (*APART.items(), ("matters", MATTERS)):
        for c, case in enumerate(cases):
            for s, story in enumerate(case):
                for n, told in enumerate(story):
                    yield f"{kind} {c} {s} {n}", told, f"Outlet {n + 10 * s}"
    for s, titles in enumerate(SERIES):
        for n, title in enumerate(titles):
            yield f"series {s} {n}", (title, ""), f"Driver {s}"
    for n, (one, other, page) in enumerate(BRIDGES):
        for t, (title, text) in enumerate((one, other)):
            yield f"bridge {n} {t} 0", (title, text), "Outlet 1"
            yield f"bridge {n} {t} 1", (" ".join(reversed(title.split())), text), "Outlet 2"
        yield f"bridge {n} page", (page, ""), "Outlet 3"
    for s, story in enumerate(TOGETHER):
        for n, told in enumerate(story):
            yield f"copy {s} {n}", told, f"Outlet {n}"


@cache
def grouped() -> dict[str, tuple[str, str]]:
    """The story and the affair of every invented item, grouped together with two thousand others."""
    lines = [
        {"id": name, "title": title, "text": text, "outlet": outlet, "published": "2026-11-22T06:00:00Z"}
        for name, (title, text), outlet in rows()
    ]
    done = group_lines(json.dumps(row).encode() for row in (*lines, *bystanders()))
    assert done.problems == []
    return {row["id"]: (row["cluster"], row["affair"]) for row in map(json.loads, done.lines)}


def told(name: str, level: int = 0) -> set[str]:
    """The stories (or affairs) of all items whose names begin like this."""
    return {found[level] for other, found in grouped().items() if other.startswith(f"{name} ")}


@pytest.mark.parametrize("lang", OCCASIONS)
def test_stories_of_one_occasion_stay_apart_beside_what_tells_them_all(lang: str) -> None:
    stories = [told(f"occasion {lang} {s}") for s in range(3)]
    assert [len(found) for found in stories] == [1, 1, 1]
    assert len(set.union(*stories)) == 3


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, n) for kind, some in APART.items() for n in range(len(some))]
)
def test_what_is_alike_and_no_event_stays_apart(kind: str, case: int) -> None:
    stories = [told(f"{kind} {case} {s}") for s in range(2)]
    assert [len(found) for found in stories] == [1, 1]
    assert stories[0].isdisjoint(stories[1])


@pytest.mark.parametrize("series", range(len(SERIES)))
def test_the_parts_of_one_feeds_series_stand_alone(series: int) -> None:
    assert len(told(f"series {series}")) == len(SERIES[series])


@pytest.mark.parametrize("page", range(len(BRIDGES)))
def test_a_page_with_two_matters_is_no_bridge(page: int) -> None:
    one, other = told(f"bridge {page} 0"), told(f"bridge {page} 1")
    assert (len(one), len(other)) == (1, 1)
    assert one.isdisjoint(other)


@pytest.mark.parametrize("story", range(len(TOGETHER)))
def test_copies_of_a_wire_under_other_titles_are_one_story(story: int) -> None:
    assert len(told(f"copy {story}")) == 1


@pytest.mark.parametrize("matter", range(len(MATTERS)))
def test_two_matters_of_one_person_company_or_country_are_no_affair(matter: int) -> None:
    for level in (0, 1):
        one, other = told(f"matters {matter} 0", level), told(f"matters {matter} 1", level)
        assert len(one) == 1
        assert len(other) == 1
        assert one.isdisjoint(other)


def test_no_two_kinds_share_a_story() -> None:
    kinds = {" ".join(name.split()[:-2]) for name, _, _ in rows()}
    clusters = {kind: told(kind) for kind in kinds if kind}
    for one, other in combinations(sorted(clusters), 2):
        if not (one.startswith(other) or other.startswith(one)):
            assert clusters[one].isdisjoint(clusters[other]), (one, other)
