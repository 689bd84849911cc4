"""What goes into the tagger: documents, labels, feeds, and what the names of folders mean."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from newsfeed.model import Record, TopicSetting

#: The default topics, in the order in which they are shown. The last three are the finer ones.
TOPICS = (
    "technology",
    "marketing",
    "finance",
    "sales",
    "leadership",
    "science",
    "policy",
    "world",
    "ai",
    "security",
    "design",
)

#: What a general newspaper tells; a folder that says only "News" means it.
WORLD = "world"

#: The class of everything no topic wants: sport, crime, celebrities, weather, food, travel. Never reported.
OTHER = "other"

#: An item has a topic from this probability on.
THRESHOLD = 0.5

#: Scores below this probability are not kept.
SHOWN_FROM = 0.05


class Document(Record, frozen=True, kw_only=True):
    """One item as the tagger reads it. Every text is plain.

    `feed` names the feed (any stable string); `folders` are the folders and categories of its subscription,
    outermost first; `tags` are the item's own categories.
    """

    id: int | str
    title: str = ""
    text: str = ""
    lang: str = ""
    feed: str = ""
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    link: str = ""
    social: bool = False


class Label(Record, frozen=True, kw_only=True):
    """What is known of a document's topics: all of them, or (an empty tuple) that it has none."""

    document: Document
    topics: tuple[str, ...]


class FeedPrior(Record, frozen=True, kw_only=True):
    """What training learned of one feed.

    `mix` is the log-odds that an item of it has a topic, relative to the whole, shrunk by pseudo-items;
    `folder` the topic that its folder names, `trust` how probably that folder is right.
    """

    mix: Mapping[str, float] = {}
    folder: str = ""
    trust: float = 0.0
    items: int = 0


#: Names by topic: English first, then German, French, Spanish, Italian, Portuguese, Dutch, the Nordic
#: languages, Polish. Written without accents. Compared word by word, longest name first.
SYNONYMS: Mapping[str, str] = {
    "technology": """technology, technologies, tech, it, software, hardware, programming, developer, developers,
        development, dev, devs, coding, code, web dev, web development, webdev, devops, gadgets, computers,
        computing, computer, internet, open source, linux, apple, android, cloud, infrastructure, engineering,
        data, databases, python, rust, javascript, java, golang, startups tech, hacker news, tech news, telecoms,
        technik, technologie, technologien, informatik, entwicklung, programmierung, netzwelt, digital,
        digitales, netz, informatique, numerique, developpement, logiciel, tecnologia, informatica,
        programacion, desarrollo, programmazione, sviluppo, programacao, desenvolvimento, technologie en
        internet, techniek, ontwikkeling, teknik, teknologi, teknologia, it nyheter, programmering,
        technologia, technologie i internet, programowanie, informatyka""",
    "marketing": """marketing, advertising, ads, adtech, martech, seo, sem, content marketing, growth, growth
        marketing, brand, brands, branding, social media, social media marketing, digital marketing, pr, public
        relations, copywriting, email marketing, ecommerce marketing, werbung, marke, publicite, referencement,
        communication, mercadotecnia, publicidad, mercadeo, pubblicita, publicidade, reclame, adverteren,
        markedsforing, marknadsforing, markkinointi, reklama""",
    "finance": """finance, finances, financial, money, markets, market news, stock market, stocks, shares,
        investing, investment, investments, economy, economics, economic news, business news, business, banking,
        banks, fintech, crypto, cryptocurrency, bitcoin, venture capital, vc, personal finance, trading, real
        estate, accounting, wirtschaft, finanzen, geld, borse, boerse, konjunktur, aktien, unternehmen, economie,
        finances et economie, bourse, argent, entreprises, finanzas, economia, dinero, bolsa, negocios, empresas,
        mercados, finanza, mercati, borsa, soldi, financas, financien, beurs, ekonomi, okonomi, talous, finans,
        naringsliv, gospodarka, finanse, ekonomia, biznes, pieniadze""",
    "sales": """sales, selling, b2b sales, sales enablement, sales ops, revenue, revops, crm, business
        development, account management, customer success, prospecting, vertrieb, verkauf, aussendienst, ventes,
        vente, commercial, ventas, vendite, vendas, verkoop, salg, forsaljning, myynti, sprzedaz""",
    "leadership": """leadership, management, leaders, managing, managers, people management, engineering
        management, engineering leadership, people, hr, human resources, culture and work, company culture, team,
        teams, work, workplace, career, careers, productivity, strategy, executive, ceo, founders, fuhrung,
        fuehrung, fuhrungskrafte, personal und fuhrung, unternehmensfuhrung, arbeit, karriere, encadrement,
        direction, gestion, rh, ressources humaines, travail, liderazgo, direccion, gestion de personas,
        recursos humanos, trabajo, lideranca, gestao, gestione, risorse umane, lavoro, leiderschap, leidinggeven,
        werk, ledelse, ledarskap, johtaminen, przywodztwo, zarzadzanie, praca""",
    "science": """science, sciences, science news, research, space, astronomy, physics, biology, chemistry,
        medicine, medical, health science, neuroscience, climate science, climate, environment, nature, math,
        maths, mathematics, academia, papers, wissenschaft, wissen, forschung, weltraum, astronomie, physik,
        biologie, medizin, natur, umwelt, klima, recherche, espace, sante et science, environnement, ciencia,
        ciencias, investigacion, espacio, fisica, medicina, medio ambiente, scienza, scienze, ricerca, spazio,
        ambiente, pesquisa, espaco, wetenschap, onderzoek, ruimtevaart, vitenskap, vetenskap, forskning,
        videnskab, tiede, nauka, badania, kosmos""",
    "policy": """policy, politics, political, government, law, legal, regulation, regulations, public policy, tech
        policy, geopolitics, elections, democracy, eu, eu policy, civil rights, privacy policy, recht, regierung,
        gesetze, droit, gouvernement, derecho, gobierno, elecciones, diritto, governo, direito, recht en politiek,
        lov, prawo""",
    "world": """world, world news, world affairs, international, international news, foreign, foreign affairs,
        foreign news, foreign policy, diplomacy, europe, asia, africa, middle east, americas, latin america,
        asia pacific, war, wars, conflict, conflicts, disasters, society, human rights, migration, current affairs,
        us news, uk news, eu news, national, national news, world politics, welt, politik, innenpolitik,
        aussenpolitik, ausland, inland, international politics, gesellschaft, zeitgeschehen, europa, krieg,
        politik und gesellschaft, monde, politique, societe, etranger, mundo, politica, internacional, sociedad,
        sociedade, mondo, esteri, mundo e politica, politiek, wereld, buitenland, binnenland, politikk, politik og
        samfund, samhalle, samfunn, verden, varlden, utenriks, utrikes, inrikes, innenriks, politiikka, ulkomaat,
        polityka, swiat, kraj""",
    "ai": """ai, a i, artificial intelligence, machine learning, ml, deep learning, llm, llms, generative ai, genai,
        ai news, ai research, nlp, computer vision, ki, kunstliche intelligenz, maschinelles lernen, ia,
        intelligence artificielle, inteligencia artificial, intelligenza artificiale, kunstmatige intelligentie,
        kunstig intelligens, artificiell intelligens, tekoaly, sztuczna inteligencja""",
    "security": """security, infosec, cybersecurity, cyber security, information security, appsec, netsec, privacy
        and security, security news, threat intelligence, hacking, vulnerabilities, sicherheit, it sicherheit,
        cybersicherheit, datensicherheit, securite, cybersecurite, seguridad, ciberseguridad, sicurezza,
        seguranca, beveiliging, sikkerhet, sakerhet, tietoturva, bezpieczenstwo, cyberbezpieczenstwo""",
    "design": """design, ux, ui, ux ui, ui ux, ux design, ui design, user experience, product design, graphic design,
        web design, typography, architecture and design, industrial design, gestaltung, conception, diseno,
        progettazione, ontwerp, vormgeving, muotoilu, projektowanie""",
    OTHER: """sport, sports, football, soccer, basketball, cricket, racing, f1, entertainment, celebrities, celebrity,
        gossip, lifestyle, fashion, food, recipes, cooking, travel, movies, film, films, tv, television, music,
        games, gaming, video games, comics, webcomics, humor, humour, fun, funny, cars, photography, books,
        weather, crime, local, art, arts, culture, kultur, cultura, kultuur, theater, theatre, religion, parenting, family, garden, gardening, diy,
        deals, sport und freizeit, fussball, unterhaltung, leute, reise, reisen, essen, kochen, rezepte, mode,
        musik, kino, spiele, wetter, panorama, divertissement, voyage, cuisine, musique, cinema, jeux, meteo,
        deportes, futbol, entretenimiento, viajes, cocina, musica, cine, juegos, tiempo, gente, calcio, viaggi,
        cucina, giochi, spettacoli, esportes, futebol, viagens, culinaria, jogos, voetbal, reizen, koken,
        muziek, spellen, sport i rozrywka, podroze, muzyka, gry, pilka nozna, urheilu, matkailu, ruoka""",
}

# Names of general news: they mean the world where no part of a path names a subject.
_NEWS = frozenset(
    """news headlines headline newspaper newspapers papers press breaking nachrichten schlagzeilen zeitung zeitungen
    tageszeitung tageszeitungen presse aktuelles meldungen actualites actualite infos journaux noticias titulares
    prensa periodicos diarios notizie giornali stampa quotidiani jornais imprensa nieuws kranten nyheter nyheder
    aviser tidningar uutiset wiadomosci gazety prasa""".split()  # noqa: SIM905
)

# Names that say how a reader keeps feeds, not what they are about.
_SAYS_NOTHING = frozenset(
    """daily blogs blog misc miscellaneous other others favorites favourites must read later unsorted
    uncategorized feeds rss all my the general top stories best new to and of in podcasts podcast
    youtube newsletters newsletter video videos social mastodon reddit weekly""".split()  # noqa: SIM905
)


def _table() -> dict[tuple[str, ...], str]:
    table = {}
    for topic, names in SYNONYMS.items():
        for name in names.split(","):
            table[tuple(name.split())] = topic
    return table


_TABLE = _table()


def plain(name: str) -> tuple[str, ...]:
    """A name's words in lower case, without accents, numbering, signs and emoji."""
    decomposed = unicodedata.normalize(
        "NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l").casefold()
    )
    kept = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in decomposed)
    return tuple(word for word in kept.split() if not word.isdigit())


def topic_of_folder(name: str, topics: Mapping[str, TopicSetting] | None = None) -> str:
    """The topic that a name means, `other` for what no topic wants, "" where it says nothing.

    The reader's own names, labels and topics go first. Of several topics in one name ("Tech & Marketing") the
    first counts; a word of a longer name counts only beside words that say nothing ("Sales news", not "Garage
    sales"). Separators within a name ("Work/Finance") make it a path whose last part that says something
    counts.
    """
    for part in _parts(name):
        found = _of_part(part, topics or {})
        if found:
            return found
    return ""


def _parts(name: str) -> list[tuple[str, ...]]:
    """The words of a name's parts, the innermost part first."""
    return [plain(part) for part in reversed(name.replace("\\", "/").split("/"))]


def _of_part(words: tuple[str, ...], topics: Mapping[str, TopicSetting]) -> str:
    own = {}
    for topic, setting in topics.items():
        for known in (topic, setting.label):
            if known and plain(known):
                own[plain(known)] = topic
    if words in own:
        return own[words]
    table = {key: topic for key, topic in _TABLE.items() if not topics or topic in topics or topic == OTHER}
    table |= own
    if words in table:
        return table[words]
    # "AI / Machine Learning", "Tech News", "Startups & Venture Capital": names side by side.
    found, unknown, place = [], 0, 0
    while place < len(words):
        for size in range(min(4, len(words) - place), 0, -1):
            topic = table.get(words[place : place + size], "")
            if topic:
                found.append(topic)
                place += size
                break
        else:
            unknown += words[place] not in _SAYS_NOTHING and words[place] not in _NEWS
            place += 1
    return found[0] if found and unknown < len(found) else ""


def topic_of_folders(folders: Sequence[str], topics: Mapping[str, TopicSetting] | None = None) -> str:
    """The topic of a folder path: the innermost name that says something; for nothing but "News" the world."""
    for name in reversed(folders):
        found = topic_of_folder(name, topics)
        if found:
            return found
    known = not topics or WORLD in topics
    return WORLD if known and any(_is_news(part) for name in folders for part in _parts(name)) else ""


def _is_news(words: tuple[str, ...]) -> bool:
    """Whether a name says "news" and nothing else."""
    return any(w in _NEWS for w in words) and all(w in _NEWS or w in _SAYS_NOTHING for w in words)
