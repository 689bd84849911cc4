"""Scripts as ranges of characters for regular expressions: those without spaces between words, and those of East Asia."""

_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_HAN_AND_KANA = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
UNSPACED = _SOUTH_EAST + _HAN_AND_KANA
CJK = _HAN_AND_KANA + HANGUL
