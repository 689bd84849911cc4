"""Days and months as people write them: the names of the calendar, and the dates that a text names."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from newsfeed.lazy import expression

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Farvardin to Esfand: six months of 31 days, five of 30, one of 29, or 30 in a leap year.
PERSIAN_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_NEW_YEAR = date(1996, 3, 20)  # of 1375, a leap year, with which a cycle begins
_CYCLE = 33  # years, of which eight are leap years: every fourth, and then the one after five

SHORTEST = 3  # the fewest letters of an abbreviated name
WORD = r"(?:[^\W\d_]|[\u0900-\u0963\u0970-\u0e7f])+"  # with its vowel signs
_LETTERS_DOT = expression(r"(?<=[^\W\d_a-z]|[\u0e30-\u0e4e])\.")  # of "พ.ย.", not of "2.3."
_OTHERS = str.maketrans({"ı": "i", "ł": "l", "ς": "σ", ".": "", "’": "", "'": "", "׳": "", "॰": ""})

# Language, then January to December; other forms behind a slash, words of one name joined by "+". Accents don't
# count, beginnings do. Where languages contradict each other ("listopad"), the first one counts, unless
# the feed declares another.
_TABLE = f"""
en {" ".join(MONTHS).lower()}
de januar februar marz april mai juni juli august september oktober november dezember
fr janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
es enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
it gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
pt janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
nl januari februari maart/mrt april mei juni juli augustus september oktober november december
pl stycznia/styczen lutego/luty marca/marzec kwietnia/kwiecien maja czerwca/czerwiec lipca/lipiec sierpnia/sierpien wrzesnia/wrzesien pazdziernika listopada grudnia/grudzien
sv januari februari mars april maj juni juli augusti september oktober november december
da januar februar marts april maj juni juli august september oktober november december
nb januar februar mars april mai juni juli august september oktober november desember
nn januar februar mars april mai juni juli august september oktober november desember
fi tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesakuuta heinakuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta
is januar februar mars april mai juni juli agust september oktober november desember
cs ledna/leden unora brezna/brezen dubna/duben kvetna/kveten cervna/cvn/cerven cervence/cvc/cervenec srpna/srpen zari rijna/rijen listopadu prosince/prosinec
sk januara februara marca/marec aprila maja juna jula augusta septembra/september oktobra/oktober novembra/november decembra/december
sl januar februar marec april maj junij julij avgust september oktober november december
hr sijecnja/sijecanj veljace/veljaca ozujka/ozujak travnja/travanj svibnja/svibanj lipnja/lipanj srpnja/srpanj kolovoza rujna/rujan listopada studenoga/studeni prosinca/prosinac
sr јануар фебруар март април мај јун јул август септембар октобар новембар децембар
sr januar februar mart april maj jun jul avgust septembar oktobar novembar decembar
bs januar februar mart april maj juni juli august septembar oktobar novembar decembar
mk јануари февруари март април мај јуни јули август септември октомври ноември декември
bg януари февруари март април маи юни юли август септември октомври ноември декември
ru января/январь февраля/февраль марта апреля/апрель мая/маи июня/июнь июля/июль августа сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь
uk січня/січень лютого/лютии березня/березень квітня/квітень травня/травень червня/червень липня/липень серпня/серпень вересня/вересень жовтня/жовтень листопада грудня/грудень
be студзеня/студзень лютага/люты сакавіка красавіка мая/маи чэрвеня/чэрвень ліпеня/ліпень жніуня/жнівень верасня/верасень кастрычніка лістапада снежня/снежань
ro ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie/nov decembrie
hu januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december
el ιανουαριου/ιανουαριοσ φεβρουαριου/φεβρουαριοσ μαρτιου/μαρτιοσ απριλιου/απριλιοσ μαιου/μαιοσ ιουνιου/ιουνιοσ ιουλιου/ιουλιοσ αυγουστου/αυγουστοσ σεπτεμβριου/σεπτεμβριοσ οκτωβριου/οκτωβριοσ νοεμβριου/νοεμβριοσ δεκεμβριου/δεκεμβριοσ
tr ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik
lt sausio/sausis vasario/vasaris kovo/kovas balandzio/balandis geguzes birzelio/birzelis liepos/liepa rugpjucio/rugpjutis rugsejo/rugsejis spalio/spalis lapkricio/lapkritis gruodzio/gruodis
lv janvaris februaris marts aprilis maijs junijs julijs augusts septembris oktobris novembris decembris
et jaanuar veebruar marts aprill mai juuni juuli august september oktoober november detsember
ca gener febrer marc abril maig juny juliol agost/ag setembre octubre novembre desembre
gl xaneiro febreiro marzo abril maio xuno xullo agosto setembro outubro novembro decembro
eu urtarrila otsaila martxoa apirila maiatza ekaina uztaila abuztua iraila urria azaroa abendua
ga eanair feabhra marta aibrean bealtaine meitheamh iuil lunasa mfomh dfomh samhain nollaig
cy ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr
mt jannar frar marzu april mejju gunju lulju awwissu settembru ottubru novembru dicembru
sq janar shkurt mars prill maj qershor korrik gusht shtator tetor nentor dhjetor
lb januar februar maerz abrell mee juni juli august september oktober november dezember
id januari februari maret april mei juni juli agustus/agt september oktober november/nop desember
ms januari februari mac april mei jun julai ogos september oktober november disember
fil enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
vi tháng+một/tháng+giêng tháng+hai tháng+ba tháng+tư tháng+năm tháng+sáu tháng+bảy tháng+tám tháng+chín tháng+mười tháng+mười+một tháng+mười+hai/tháng+chạp
sw januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba/disemba
af januarie februarie maart/mrt april mei junie julie augustus september oktober november desember
az yanvar fevral mart aprel may iyun/iyn iyul/iyl avqust sentyabr oktyabr noyabr dekabr
uz yanvar fevral mart aprel may iyun iyul avgust sentabr/sentyabr oktabr/oktyabr noyabr dekabr
kk қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
ka იანვარი/იანვარს თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი
hy հունվարի/հնվ փետրվարի/փտվ մարտի/մրտ ապրիլի մայիսի/մյս հունիսի/հնս հուլիսի/հլս օգոստոսի/օգս սեպտեմբերի հոկտեմբերի նոյեմբերի դեկտեմբերի
ar يناير فبراير مارس أبريل/ابريل/إبريل مايو يونيو يوليو أغسطس/اغسطس سبتمبر أكتوبر/اكتوبر نوفمبر ديسمبر
ar كانون+الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين+الأول تشرين+الثاني كانون+الأول
ar جانفي فيفري مارس أفريل ماي جوان جويلية/يوليوز أوت/غشت سبتمبر/شتنبر أكتوبر نوفمبر/نونبر ديسمبر/دجنبر
fa ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
ur جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
he ינואר/בינואר פברואר/בפברואר מרץ/במרץ אפריל/באפריל מאי/במאי יוני/ביוני יולי/ביולי אוגוסט/באוגוסט ספטמבר/בספטמבר אוקטובר/באוקטובר נובמבר/בנובמבר דצמבר/בדצמבר
hi जनवरी/जन फ़रवरी/फरवरी मार्च अप्रैल मई जून जुलाई/जुल अगस्त/अग सितंबर/सितम्बर/सित अक्टूबर/अक्तूबर नवंबर/नवम्बर/नव दिसंबर/दिसम्बर/दिस
mr जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर
bn জানুয়ারি/জানুয়ারী ফেব্রুয়ারি/ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট/আগ সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
ta ஜனவரி/ஜன பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட்/ஆக செப்டம்பர் அக்டோபர் நவம்பர்/நவ டிசம்பர்
te జనవరి/జన ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జులై ఆగస్టు/ఆగ సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్
th มกราคม/มค กุมภาพันธ์/กพ มีนาคม/มีค เมษายน/เมย พฤษภาคม/พค มิถุนายน/มิย กรกฎาคม/กค สิงหาคม/สค กันยายน/กย ตุลาคม/ตค พฤศจิกายน/พย ธันวาคม/ธค
"""


def beginning(name: str) -> str:
    """A pattern for a name of the calendar or its beginning, at least three letters."""
    rest = ""
    for letter in reversed(name[SHORTEST:]):
        rest = f"(?:{letter}{rest})?"
    return name[:SHORTEST] + rest


def month_pattern(*languages: str) -> str:
    """A pattern for the names of the months in some languages and their beginnings, accents or not."""
    rows = [line.split() for line in _TABLE.split("\n") if line.startswith(languages)]
    names = dict.fromkeys(form for row in rows for name in row[1:] for form in name.split("/"))
    return "(?:" + "|".join(beginning(name) for name in names).replace("mar(", "m[aä]r(") + ")"


def month(word: str, language: str = "") -> int:
    """The number of the month that a word names, in full or by its beginning; 0 for other words."""
    folded = fold(word)
    by_language, common = _tables()
    return by_language.get(re.split("[-_]", language.lower())[0], {}).get(folded) or common.get(folded, 0)


def spelled(text: str) -> str:
    """The words of a date for looking up: without accents, names of several words joined."""
    plain = without_marks(text.casefold())
    for name in _joined():
        plain = plain.replace(name, name.replace(" ", ""))
    return _LETTERS_DOT.sub("", plain)


def fold(text: str) -> str:
    """A text without case, accents and the signs of abbreviations."""
    return without_marks(text.casefold().translate(_OTHERS))


def from_persian(year: int, month: int, day: int) -> date:
    """A day of the Persian (Solar Hijri) calendar, whose leap years return every 33 years from 1303 to 1472.

    Raises:
        ValueError: there is no such day.
    """
    cycles, within = divmod(year - 1375, _CYCLE)
    leap = within % 4 == 0 and within != 32
    if not 1 <= month <= 12 or not 1 <= day <= (31 if month <= 6 else 30 if month <= 11 or leap else 29):
        raise ValueError(f"{year}-{month}-{day}")
    days = cycles * (365 * _CYCLE + 8) + within * 365 + min(-(-within // 4), 8)
    return _NEW_YEAR + timedelta(days=days + (month - 1) * 30 + min(month - 1, 6) + day - 1)


def without_marks(text: str) -> str:
    """Letters only; the vowel signs of India and Thailand are as good as letters."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if "\u0900" <= c <= "\u0e7f" or not unicodedata.combining(c))


@lru_cache(maxsize=1)
def _joined() -> list[str]:
    """The names of several words, the longest first."""
    forms = {form for form in re.split(r"[\s/]", _TABLE) if "+" in form}
    return sorted((fold(form).replace("+", " ") for form in forms), key=len, reverse=True)


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """For each language its names and their beginnings, and all of them together: whole names go first."""
    by_language: dict[str, dict[str, int]] = {}
    whole: dict[str, int] = {}
    begun: dict[str, int] = {}
    for line in _TABLE.split("\n"):
        language, *months = line.split() or [""]
        names = {
            fold(name).replace("+", ""): n for n, forms in enumerate(months, 1) for name in forms.split("/")
        }
        starts: dict[str, set[int]] = {}
        for name, n in names.items():
            for end in range(SHORTEST, len(name)):
                starts.setdefault(name[:end], set()).add(n)
        clear = {start: found.pop() for start, found in starts.items() if len(found) == 1}
        by_language.setdefault(language, {}).update(clear | names)
        whole = names | whole
        begun = clear | begun
    return by_language, begun | whole


_MONTH = rf"{month_pattern('en', 'de')}\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?"
_YEAR = r"(?:19|20)\d\d"
_WEEKDAY = rf"(?:\b(?:{'|'.join(map(beginning, WEEKDAYS))})\b\.?,?\s+)?"
_DAY_OF_MONTH = rf"{_WEEKDAY}(?:\b{_DAY}(?:\s+of)?\s+{_MONTH}|\b{_MONTH}\s+{_DAY})"
_YEAR_FIRST = rf"\b{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
# A day with or without its weekday and year: "Mon 4 June, 2012", "May 26th", "05-30-2012", "2012/5/30".
WRITTEN = rf"{_DAY_OF_MONTH}(?:,?\s*'?(?:19|20)?\d\d)?\b|\b\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?(?:19|20)?\d\d\b|{_YEAR_FIRST}"
_WHOLE = expression(
    rf"{_DAY_OF_MONTH},?\s+{_YEAR}\b|\b\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?{_YEAR}\b|{_YEAR_FIRST}",
    re.IGNORECASE,
)
_HAS_YEAR = expression(_YEAR)
_READ = expression(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?\s+(?P<m1>{_MONTH}),?\s+(?P<y1>{_YEAR})\b"
    rf"|\b(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.)?,?\s+(?P<y2>{_YEAR})\b"
    rf"|\b(?P<y3>{_YEAR})[-/.](?P<m3>\d{{1,2}})[-/.](?P<d3>\d{{1,2}})\b"
    rf"|\b(?P<a>\d{{1,2}})[-/.]\s?(?P<b>\d{{1,2}})[-/.]\s?(?P<y4>{_YEAR})\b"
    rf"|/(?P<y5>{_YEAR})/(?P<m5>\d{{1,2}})/",
    re.IGNORECASE,
)


def undated(text: str) -> str:
    """A text without the dates in it that have a year."""
    return _WHOLE.sub(" ", text) if _HAS_YEAR.search(text) else text


def latest_day(text: str) -> date | None:
    """The latest date with a year in a text, None for none.

    Where day and month can't be told apart ("5/6/2012") it is the later of both; an address that names a month
    ("/2012/05/") stands for its last day.
    """
    found = [day for match in _READ.finditer(text) if (day := _day(match)) is not None]
    return max(found, default=None)


def _day(match: re.Match[str]) -> date | None:
    part: dict[str, str] = match.groupdict()
    readings: list[tuple[int | str, int | str, int | str]]
    if part["y1"] or part["y2"]:
        readings = [(part["y1"] or part["y2"], month(part["m1"] or part["m2"]), part["d1"] or part["d2"])]
    elif part["y3"]:
        readings = [(part["y3"], part["m3"], part["d3"])]
    elif part["y4"]:
        readings = [(part["y4"], part["a"], part["b"]), (part["y4"], part["b"], part["a"])]
    else:
        year, number = int(part["y5"]), int(part["m5"])
        readings = [(year, number, monthrange(year, number)[1])] if 1 <= number <= 12 else []
    days = []
    for reading in readings:
        try:
            days.append(date(*map(int, reading)))
        except ValueError:
            continue
    return max(days, default=None)
