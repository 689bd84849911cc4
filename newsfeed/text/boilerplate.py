"""Patterns of what publishers put around their texts, by reason. Only `leads` uses them, to remove it.

Each pattern of `NOTICES` matches a whole paragraph or sentence that says nothing of the story. They are strict about
length and context, because a story may well begin "Follow the money" or "Share prices fell".
"""

# ruff: noqa: ISC004 - long patterns run over several lines

from __future__ import annotations

import re
from functools import cache

from newsfeed.lazy import expression
from newsfeed.text.dates import MONTHS, beginning

_NAME = r"[A-ZÀ-Ž][\w.'’-]+"

NOTICES: dict[str, tuple[str, ...]] = {
    # What WordPress puts under every entry, in its languages: "The post … appeared first on …".
    "appeared first on": (
        r"the (?:post|article|entry)\b.{0,300}\b(?:appeared|was published)\b.{0,40}\bon\b.*",
        r"(?:the|this) (?:story|content|podcast|episode|video|page)\b.{0,300}\b(?:appeared first|first appeared)\b.*",
        r"this (?:post|article|entry|story)\b.{0,80}\b(?:appeared|published|posted)\b.{0,40}\b(?:on|at|in|by)\b.{0,120}",
        r"d(?:er|ieser) (?:beitrag|artikel|text)\b.{0,300}\b(?:erschien|erscheint|wurde|ist) (?:zuerst|zunächst|ursprünglich)\b.*",
        r"(?:el|la|esta?e?) (?:post|entrada|artículo|noticia|contenido)\b.{0,300}"
        r"\b(?:apareci[óo]|aparece|se (?:ha )?public[óa]\w*|fue publicad[oa]) (?:primero|por primera vez|originalmente)\b.*",
        r"(?:cet article|l['’](?:article|entrée))\b.{0,300}\best (?:apparue?|paru) (?:en premier|d['’]abord|initialement)\b.*",
        r"(?:l['’]articolo|il post|questo articolo)\b.{0,300}\b(?:proviene da|sembra essere il primo|(?:è apparso|è stato pubblicato) "
        r"(?:per (?:la prima volta|primo)|originariamente))\b.*",
        r"(?:o|este) (?:post|artigo|conteúdo|texto)\b.{0,300}\b(?:apareceu|aparece|foi publicado|surgiu) (?:primeiro|originalmente|pela primeira)\b.*",
        r"(?:het|dit) (?:bericht|artikel)\b.{0,300}\b(?:verscheen|is) (?:als )?(?:het )?eerste? (?:verschenen )?\b(?:op|bij|in)\b.*",
        r"(?:ten )?(?:artykuł|wpis|post)\b.{0,300}\b(?:pochodzi z (?:serwisu|portalu|bloga|strony)|(?:pojawił|ukazał) się (?:po ?raz )?pierwsz\w+)\b.*",
        r"(?:эта )?(?:запись|статья)\b.{0,300}\bвпервые (?:появилась|опубликована)\b.*",
        r"(?:запис|допис|стаття)\b.{0,300}\b(?:спершу|вперше) (?:з['’]яви\w+|опублікован\w+)\b.*",
        r"in(?:lägget|nlegget)\b.{0,300}\b(?:dök|dukket) (?:först|først) (?:upp|opp)\b.*",
        r"indlægget\b.{0,300}\b(?:blev|udkom|dukkede) først\b.*",
        r"artikkeli\b.{0,300}\b(?:julkaistiin|ilmestyi) ensi\w+\b.*",
        r"(?:příspěvek|článek)\b.{0,300}\b(?:pochází z|se nejdříve objevil)\b.*",
        r".{0,300}\byazısı ilk (?:önce|olarak|kez)\b.*",
        r"(?:投稿.{0,200}は.{0,80}に最初に表示|.{0,200}最先出[现現]在).*",
        r"this (?:entry|post|article|story)\b.{0,20}\bis (?:part|number|no\.?) \d+ (?:of|in)\b.{0,160}",
    ),
    "changed since": (
        r"(?:an? (?:earlier|previous|original)|the original) (?:version|form) of (?:this|the) (?:story|article|post|text|report|headline)\b"
        r".{0,300}",
        r"(?:editor['’]?s? note: ?|note: ?)?this (?:story|article|post|report|piece|column|headline|version|page) (?:has been|was|is being)"
        r".{0,40}\b(?:updated|corrected|amended|edited|revised|clarified)\b.{0,300}",
        r"(?:corrected|correction|clarification|updated?) (?:on |at )?\d.{0,200}",
        r"(?:dieser (?:artikel|text|beitrag) wurde|in einer früheren (?:version|fassung)|korrektur(?:hinweis)?:|anmerkung der redaktion)\b.{0,300}",
        r"(?:cet article a été (?:modifié|corrigé|mis à jour)|una versión anterior|esta (?:nota|noticia) (?:ha sido|fue))\b.{0,300}",
    ),
    # An offer at the end of a text.
    "offer": (
        r"(?:(?:so|and|ready[^.?!]{0,40}\?|want[^.?!]{0,60}\?) )?(?:start|try|begin|claim|get|activate|sign up for|book|request|schedule|"
        r"arrange|grab) (?:your|our|a|an|it|the|us|yours?)\b.{0,60}\b(?:free|trial|demo|consultation|quote|walkthrough|"
        r"(?:discovery|strategy) call)\b.{0,160}",
        r"(?:get started|try it (?:out )?|sign up|book now|register now|contact us|call us)\b.{0,40}\b(?:free|today|now|trial)\b.{0,100}",
        r"(?:jetzt|hier) (?:kostenlos|gratis|unverbindlich)\b.{0,120}",
        r"(?:testen sie|essayez|prueba|prova)\b.{0,60}\b(?:kostenlos|gratuit\w*|gratis)\b.{0,100}",
    ),
    "read on": (
        r"(?:read|learn|find out|see|view|watch|know) (?:more|the (?:full|rest|whole|original|entire)|full|on|next|"
        r"it (?:here|now|all)|now|here|original|the (?:article|story|post))\b.{0,120}",
        r"(?:also )?read(?: also| this| next)?: .{0,200}",
        r"(?:continue|keep) reading\b.{0,200}",
        r"(?:click|tap|go|look) here\b.{0,160}",
        r"(?:weitere|mehr) (?:infos?|informationen|details|dazu|zum thema)\b.{0,160}",
        r"(?:plus d['’]infos?|en savoir plus|más información|para saber más|maggiori informazioni)\b.{0,120}",
        r"(?:full|original|whole|complete) (?:story|article|post|text|transcript)\b.{0,60}",
        r"(?:weiterlesen|mehr lesen|lesen sie|lire la suite|lire l['’]article|leer más|seguir leyendo|leia mais|"
        r"continua a leggere|leggi tutto|lees (?:meer|verder)|czytaj (?:dalej|więcej)|читать (?:далее|полностью)|"
        r"подробнее|читати (?:далі|повністю)|läs mer|阅读全文|閱讀全文|阅读更多|続きを読む).{0,80}",
    ),
    "byline": (
        rf"(?-i:(?:By|BY|by|Von|Par|Por|Di|Door) +(?:{_NAME}\W{{0,3}}(?:(?:and|und|et|y|e|&) +)?){{1,6}}(?:[|,·–—-].{{0,80}})?)",
        r"(?:posted|published|written|submitted|reported|edited|produced|hosted|updated|last updated|first published|"
        r"originally published|veröffentlicht|publié|publicado) (?:by|on|at|in|am|le|el)\b.{0,140}",
        r"(?:words|story|text|interview|reporting|translation) by\b.{0,80}",
    ),
    "credit": (
        r"(?:photo|image|picture|credit|photograph|photography|illustration|screenshot|foto|bild|quelle|courtesy|"
        r"featured image|header image|cover image|photo illustration|graphic|video)s?\W{0,3}"
        r"(?:(?:credit|courtesy|by|of|from|via|copyright)\b|[:/©(]).{0,160}",
        r"©.{0,200}",
        r"enlarge ?/ .{0,200}",
        r"pictured ?: .{0,200}",
        r"(?:copyright|\(c\)) (?:©|\(c\)|\d{4}).{0,160}",
        r"all rights reserved\b.{0,100}",
    ),
    "share bar": (
        r"(?:share|tweet|pin|email|e-mail|print|like|save|facebook|twitter|linkedin|whatsapp|reddit|pinterest|telegram|"
        r"flipboard|pocket|teilen|drucken|partager)(?:\W+(?:this|on|via|to|it|the|article|post|story|share|tweet|pin|"
        r"email|e-mail|print|like|save|facebook|twitter|linkedin|whatsapp|reddit|pinterest|telegram|with|friends|comments?|"
        r"\d+|stumbleupon|digg|delicious|google|buzz|add|x))*\W*",
        r"(?:\d+|no|leave a|add a|post a|view all|show all|view|read) (?:\d+ )?(?:comments?|shares?|likes?|replies|retweets?)\b.{0,60}",
        r"comments?\W*(?:\(\d+\))?\W*",
        r"\[?(?:link|comments)\]?(?: *\[?(?:comments|link)\]?)*",
        r"permalink\W*",
        r"(?:discuss|reply|comment)\b.{0,20}\bon (?:twitter|x|hacker news|reddit|mastodon|bluesky)\b.{0,40}",
    ),
    "subscribe": (
        r"(?:please )?(?:sign up|subscribe|follow|like|support|register|become an?|get (?:the|our|more|daily|weekly|your)|"
        r"join (?:us|our|the)|download|abonnier\w*|suscr\w+|inscri\w+|abonnez|jetzt abonnieren|don['’]t miss|stay up|"
        r"never miss|connect with|find|want|receive|enjoy\w*)\b.{0,90}\b(?:newsletters?|e-?mail|inbox|updates|subscri\w*|twitter|"
        r"facebook|instagram|channel|podcasts?|itunes|apple music|spotify|members?|membership|patreon|rss|telegram|youtube|"
        r"kanal|discord|alerts?|on x|briefing|mailing list)\b.{0,200}",
        r"(?:subscribe|abonnieren|sign up|join)\W*(?:now|today|here|free)?\W*",
        r"(?:this|the)\b.{0,60}\bnewsletter\b.{0,80}\b(?:sign up|subscribe|inbox)\b.{0,160}",
    ),
    "listen": (
        r"(?:listen|hear|watch|play)\b.{0,30}\b(?:this (?:article|episode|story|podcast|video|week)|the (?:podcast|episode|"
        r"full episode|show|interview|video)|here|now|below|our podcast|on (?:apple|spotify|youtube|itunes|soundcloud))\b.{0,120}",
        r"download (?:this|the|audio|mp3|video|episode|as)\b.{0,80}",
        r"(?:direct )?download\W{0,3}(?:mp3|audio|video|\d.*)?\W*",
        r"(?:play|available) (?:on|in|now on) .{0,60}(?:itunes|apple|spotify|youtube)\b.{0,80}",
        r"\d{1,3} ?min(?:ute)?s?\.? ?(?:read|listen|video)\W*",
        r"(?:estimated )?reading time\b.{0,40}",
        r"(?:thanks?|thank you)(?: so much| again)? for (?:listening|reading|watching|tuning|subscribing|your support)\b.{0,160}",
        r"(?:please )?(?:tell|let) (?:your|a) friends?\b.{0,120}",
        r"(?:here(?:['’]s| is)|this is|welcome to) (?:the |our |my )?(?:\d+(?:st|nd|rd|th)|next|latest|newest|final) (?:audio |video |free )?"
        r"(?:recording|episode|instal?lment|issue|edition|podcast)\b.{0,160}",
        r"(?:please )?(?:send|e-?mail|tweet) (?:us|me) (?:your|a|an)\b.{0,160}",
        r"(?:this )?(?:transcript|podcast) (?:was|is|may|has)\b.{0,40}\b(?:generated|edited|transcribed|recorded with|produced)\b.{0,120}",
        r"do you have (?:something|a question|any|feedback)\b.{0,120}\b(?:share|question|suggestion|feedback|comment)s?\b.{0,60}",
    ),
    "advert": (
        r"(?:advertisement|advertorial|sponsored(?: content| post)?|anzeige|werbung|publicité|publicidad|promoted)\W.{0,60}",
        r"(?:advertisement|anzeige|werbung)",
        r"(?:this|today['’]s|the)(?: week['’]s)? (?:episode|podcast|show|newsletter|issue|post|article|video|edition)\b.{0,20}"
        r"\b(?:is|was|are) (?:also )?(?:brought|sponsored|presented|made possible|supported)\b.*",
        r"(?:brought to you|sponsored|presented|supported|powered) by\b.{0,300}",
        r"(?:our |today['’]s |episode )?sponsors?\b(?:\W| for| of| this).{0,200}",
        r"(?:support|help) (?:the show|this (?:show|podcast|blog|site)|our (?:work|sponsors|journalism))\b.{0,200}",
        r"(?:save|get|use|enter)\b.{0,40}\b(?:code|coupon|promo|% off)\b.{0,200}",
        r"(?:we|this (?:post|article|site)|some).{0,80}\b(?:affiliate|commission)\b.{0,200}",
        r"our editors independently\b.*",
    ),
    "label": (
        r"(?:show ?notes|links?|transcript|chapters?|time ?stamps?|topics?|credits?|guests?|hosts?|resources?|related|"
        r"mentioned|contents|table of contents|tl;?dr|summary|abstract|introduction|overview|highlights|"
        r"categories|filed under|topics covered|related (?:stories|posts|articles|links)|see also|recommended|"
        r"more (?:from|on|about|stories|info)|what (?:happened|you need to know)|key (?:points|takeaways|facts)|in brief|"
        r"at a glance|further reading|references|background|in this (?:episode|show|issue|article)|coming up|hello|hi|"
        r"hi everyone|dear readers?|happy \w+day|good (?:morning|evening|afternoon))\b[^.]{0,40}\W*",
        r"(?:editor['’]?s?['’]? note|disclosure|disclaimer|corrections?|copyright|tags|filed under|categories|duration|length|"
        r"running time|time|date|venue|where|when|via|authors?|speakers?|guests?|hosts?|producers?|music|twitter|instagram|"
        r"website|web|e-?mail|phone|tel|contact|follow|subscribe|links?|article url|comments url|points|# comments|"
        r"hashtags?|arxiv|doi|isbn|tickets|price|sources?|related|see also|read more|recorded|permalink|file size|"
        r"published|posted|updated|language|location|theme|title|version) ?:.{0,250}",
        r"arxiv:\S+ announce type: .{0,60}",
    ),
    "thanks": (
        r"(?:via|hat ?tip(?: to)?|h/t|\(via)\s+[@\w'’.-]+(?:\s[\w'’.-]+){0,3}"
        r"(?:,? who\b.{0,160}|,? for the (?:link|pointer|tip|heads-up)\b.{0,40})?\W*",
    ),
    "greeting": (
        r"(?:hello|hi|hey|greetings|welcome)\b(?:,? (?:all|again|everyone|everybody|folks|there|friends?|readers?|listeners?))*"
        r"(?:,? (?:and|from|back|to (?:another|the \d+))\b.{0,120})?\W*",
    ),
    "where else": (
        r"(?:see|visit|go to|find|check out|for more|more (?:at|on|info\w*)|connect with|contact|e-?mail|call|write|"
        r"follow)\b.{0,140}(?:https?://|www\.|@\w|\.com\b|\.org\b|\.net\b|\.co\b).{0,160}",
        r"(?:you can |to )?(?:contact|reach|e-?mail|write to) (?:us|me|the (?:author|show|reporter|editor))\b.{0,160}",
    ),
    "machine": (
        r"submitted by\b.{0,160}",
        r"[\[(]?(?:contains quote post|embedded (?:content|video)|image|video|gallery|audio|view (?:poll|image))\b.{0,60}[\])]",
        r"(?:your browser does not|javascript (?:is|must)|(?:please )?enable javascript|we use cookies|this site uses cookies)\b.*",
        r"error (?:403|404|500)\b.*",
        r".{1,200} was originally published in .{1,80} on medium, where people are\b.*",
        r"(?:view|open|read|trouble viewing) (?:this|it)?.{0,30}\b(?:in (?:your )?browser|online|on the web)\b.{0,80}",
    ),
}  # fmt: skip


@cache
def notices() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """All of `NOTICES` for a whole paragraph: one pattern for it in small letters, which is three times as fast as one
    that ignores case, and one for it as it stands. Compiling takes a twentieth of a second, which only those who make
    leads should pay."""
    patterns = [pattern for group in NOTICES.values() for pattern in group]
    cased = [pattern for pattern in patterns if pattern.startswith("(?-i:")]
    small, as_it_stands = (
        re.compile(r"\W{0,6}(?:" + "|".join(some) + ")", re.DOTALL)
        for some in (
            [p for p in patterns if p not in cased],
            [f"(?:{p.removeprefix('(?-i:')}" for p in cased],
        )
    )
    return small, as_it_stands


# What follows an entry's whole headline and says that it first appeared elsewhere: in many languages "first", then "on".
CAME_FIRST = expression(
    r"(?:\b(?:first|erst|zuerst|premier|d['’]abord|primero|primer(?= a )|primo|primeiro|publicó|publicado|proviene|eerst|geplaatst|pochodzi|"
    r"pierwszy|сначала|взята|спочатку|первым|първо|прво|prvý|prvi(?: puta)?|najprej(?: pojavil)?|najskôr|first|først|esmalt(?= lehel)|"
    r"pirmiausia(?= pasirodė)|pirmo reizi(?= parādījās)|prima dată|πρώτη φορά|πρώτα|pertama kali(?: tampil| muncul)?|đầu tiên|לראשונה)"
    r"|أولا|اولین(?: بار)?)\S?\s+"
    r"(?:on|at|auf|bei|sur|dans|en|em|su|da|op|bij|a|w|z|serwisu|на|с|в|upp|opp|på|hos|na|v|în|στο|στη|lehel|pasirodė|parādījās|di|pada|vào"
    r"|ב|على|در)\b|(?:पहली|最初|最先|처음)",
    re.IGNORECASE,
)
CAME_FIRST_AFTER = expression(
    r"\W{0,3}(?:(?:first appeared|appeared first|(?:was|has been) (?:first|originally) (?:published|posted)) (?:on|at|in)|is a post from|"
    r"est un article de|è stato pubblicato su|ilmestyi ensimmäisenä|se je pojavila na|bejegyzés|sarrera|yazısı|게시물)\b",
    re.IGNORECASE,
)

# The end of a caption that only its position tells from a story: who took the picture.
CREDITED = expression(
    r"(?:\b(?:photos?|photograph|fotos?|images?|imagen|bild|picture|illustration|crédits? photo|credits?|crédits?)"
    r"\s?(?:[:/©]|\bby\b|\bvon\b|\bde\b)|©|\bfoto\b(?= dpa))\s?[^.!?]{2,60}$",
    re.IGNORECASE,
)

# Words that make a short paragraph or sentence a notice, anywhere in it.
TELLTALE = expression(
    r"getty images|shutterstock|istockphoto|\bistock\b|\bunsplash\b|\balamy\b|wikimedia commons|"
    r"/ ?(?:reuters|afp|ap photo|epa|dpa|bloomberg)\W*$|\((?:reuters|afp|ap photo|epa|dpa)[^)]{0,40}\)\W*$|"
    r"\b(?:sign up|subscribe) (?:here|now|for free|to (?:get|receive|our|the|my))\b|\bforwarded this (?:e-?mail|newsletter)|"
    r"\bright[- ]click\b|\bclick to (?:play|listen|download)\b|"
    r"\bis (?:brought to you|sponsored|powered) by\b",
    re.IGNORECASE,
)
TELLTALE_LIMIT = 300  # characters
# Every match of `TELLTALE` contains one of these, and searching for them is a hundred times faster.
TELLTALE_WORDS = (
    "getty", "stock", "unsplash", "alamy", "wikimedia", "reuters", "afp", "ap photo", "epa", "dpa", "bloomberg", "sign up",
    "subscribe", "forwarded", "right-click", "right click", "click to", "brought to", "sponsored by", "powered by",
)  # fmt: skip

# Ends of a paragraph, in lower case, that are not part of its last sentence.
TAIL = expression(
    r"""(?:(?<=\s)|(?<=[.!?…"”’)\]])|^)(?:
      [\[(<]*\s*(?:read|continue|keep|learn|see|view|find\ out)\ (?:more|reading|full\ (?:story|article|post)|
        the\ (?:full|rest|whole|original)[^.!?]{0,60}|article|story|on\ [\w. ]{2,40}|original)\b[^.!?。]{0,90}[\])>»→…\s.›]*
    | full\ (?:story|article|post)[\])>»→…\s.›:]*
    | (?:weiterlesen|mehr\ lesen|lire\ la\ suite|leer\ más|seguir\ leyendo|leia\ mais|lees\ (?:meer|verder)|
        continua\ a\ leggere|leggi\ tutto|читать\ (?:далее|полностью)|читати\ далі|阅读全文|閱讀全文|続きを読む)[^.!?]{0,60}[\])>»→…\s.]*
    | \[(?:\.{3}|…)\]\ .{0,250}\bpost\ from\b.*
    | (?:mp3|audio|video)\ (?:file|download)\W*
    | the\ post\ .{0,300}\ (?:appeared|was\ published)\ first\ on\ .*
    | [\[(](?:more|mehr|link|comments|via|\+|continued)\W*[\])]\s*
    | \((?:photo|image|credit|foto|bild|quelle|source|via|video)s?\b[^)]{0,80}\)\s*
    | (?:photo|image|credit|source|via)s?:\s[^.!?]{2,60}
    | [»→›▶►]+\s* | permalink\s* | comments?\ \(\d+\)\s* | \d+\ comments?\s* | \|\s*[^|.!?]{2,40}
    )$""",
    re.VERBOSE,
)

# "… [...]" and the like: the source cut its own sentence here.
CUT_OFF = expression(r"(?:\s{0,3}[\[(]?\s?(?:…|\.{3,}|(?<!\.)\.\.)\s?[\])]?)+\s*$|\s[\[(]\s*[\])]?\s*$")

_AGENCY = r"AP|Reuters|REUTERS|AFP|Xinhua|Kyodo|dpa|dpa-AFX|UPI|CNN|Bloomberg|PTI|ANI|IANS|APA|awp|sda|ots|BUSINESS WIRE|TASS|ANSA|EFE"
_MONTH = rf"(?:{'|'.join(map(beginning, MONTHS))})\b\.?"
DATELINE = expression(
    "^(?:"
    rf"[A-Z][A-ZÀ-Ž'’./ -]{{2,30}}(?:, [A-Z][\w. ]{{1,25}}){{0,2}}(?:,? {_MONTH} \d{{1,2}})?\s*(?:\((?:{_AGENCY}|[A-Z]{{2,12}})\))?\s*(?:--|—|–| - )\s*"
    rf"|[A-Z][\wÀ-ž ./-]{{2,25}}\s*\((?:{_AGENCY})\)\s*(?:--|—|–|-)?\s*"
    rf"|\((?:{_AGENCY})\)\s*(?:--|—|–|-)?\s*"
    rf"|{_MONTH} \d{{1,2}},? \d{{4}}\s*(?:--|—|–|-|\||:|·)\s*"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\s*(?:--|—|–|-|\||:|·)\s*"
    ")"
)
BYLINE_START = expression(
    rf"^(?:By|BY|Von|Par|Por) (?:{_NAME} ){{1,3}}?{_NAME}\s*(?:[|·–—:]|, [A-Z][\w ]{{2,40}}[|·–—])\s*"
)
# What a publisher puts before the beginning of the story, in the same paragraph.
LEAD_IN = expression(
    r"^(?:(?:listen|watch|play)(?: now| here)?\s*[:|]\s*|(?:exclusive|breaking|update|updated|opinion|analysis|watch|video|"
    r"listen|advertorial|\(?(?:updated|update|exclusive)[^):]{0,40}\)?)\s*[:|]\s+|"
    r"(?:update|updated)\s+\d[\d/.:\s-]*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{2,4})?\s*[:|–—-]\s+)(?=\S)",
    re.IGNORECASE,
)
STAMP = expression(r"(?:^|[\s(\[])\d{1,2}:\d{2}(?::\d{2})?(?=[\s)\]–—-]|$)")
HASHTAG = expression(r"(?<!\S)[#@][\w.@-]+")
URL = expression(
    r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|co|de|uk|tv|fm)/\S*", re.IGNORECASE
)
