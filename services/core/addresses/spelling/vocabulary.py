"""Words that show the kind of a name, in their short forms."""

from typing import Final

# fmt: off
# The last word of a street's name. A weak street word may also end the name of a locality.
STREET_WORDS: Final = frozenset({
    "alley", "approach", "ave", "blvd", "brae", "brow", "chase", "circus", "cl", "cres", "csway", "dr", "drove", "esp",
    "gait", "gate", "gr", "ln", "loan", "mall", "mews", "pass", "path", "pde", "pl", "prom", "rd", "row", "sq", "st",
    "strand", "ter", "vennel", "wlk", "wy", "wynd"
})
WEAK_STREET_WORDS: Final = frozenset({
    "bank", "common", "crft", "croft", "cross", "ctyd", "dell", "dene", "end", "field", "fields", "fold", "garth",
    "gdns", "glade", "glebe", "green", "grn", "heath", "hill", "hollow", "lawns", "lea", "mdw", "mdws", "mead", "mt",
    "orch", "oval", "pk", "quay", "reach", "ridge", "rise", "side", "site", "spinney", "vale", "view", "vw", "whf", "yd"
})
# The last word of a building's name.
BUILDING_WORDS: Final = frozenset({
    "almshouses", "apts", "barn", "bglw", "bldg", "bldgs", "blk", "chambers", "cott", "cotts", "ct", "est", "farm",
    "farmhouse", "flts", "hall", "hse", "hts", "ldg", "manor", "mans", "marina", "moorings", "point", "rectory",
    "tower", "towers", "vicarage", "villa", "vls", "wing"
})
# A building with one of these names is one home. The number beside it is the number of the house, and not of a flat.
ONE_HOME_WORDS: Final = frozenset({
    "barn", "bglw", "cott", "farm", "farmhouse", "rectory", "vicarage", "villa"
})
# These parks are places to live, and not streets.
PARK_KINDS: Final = frozenset({"caravan", "holiday", "home", "homes", "leisure", "lodge", "mobile"})
PARKS: Final = frozenset({"pk", "site"})
# The first word of a street's name in Welsh and in Gaelic, with its English.
STREETS_IN_ENGLISH: Final = {
    "ascaill": "avenue", "bothar": "road", "cearnag": "square", "cilgant": "crescent", "clos": "close",
    "ffordd": "road", "gerddi": "gardens", "heol": "road", "hewl": "road", "lon": "lane", "rathad": "road",
    "rhes": "row", "rhodfa": "avenue", "sgwar": "square", "slighe": "way", "sraid": "street", "stryd": "street",
    "t-sraid": "street", "teras": "terrace"
}
# These two have several meanings in English.
LEADING_STREET_WORDS: Final = frozenset({*STREETS_IN_ENGLISH, "allt", "rhiw"})
# `st` before one of these names is a saint. Names are written without their last `s`.
SAINTS: Final = frozenset({
    "agne", "alban", "aldate", "alphege", "ambrose", "andrew", "ann", "anne", "anthony", "asaph", "augustine",
    "austell", "barnaba", "bartholomew", "bede", "benedict", "botolph", "bride", "catherine", "cecilia", "chad",
    "clare", "clement", "columba", "crispin", "cuthbert", "david", "deny", "dunstan", "edmund", "edward", "ethelbert",
    "fagan", "faith", "franci", "gabriel", "george", "gile", "gregory", "helen", "helier", "hilda", "hugh", "ive",
    "jame", "john", "joseph", "jude", "julian", "katherine", "kilda", "laurence", "lawrence", "leonard", "loye", "luke",
    "magnu", "margaret", "mark", "martin", "mary", "matthew", "michael", "mungo", "neot", "nichola", "ninian", "olave",
    "oswald", "oswin", "pancra", "patrick", "paul", "peter", "philip", "ronan", "saviour", "stephen", "swithin",
    "swithun", "thoma", "ursula", "vincent", "wilfrid", "winifred", "wulfstan"
})
# Before `st`, these words do not make a street: `upr st johns rd`.
QUALIFIERS: Final = frozenset({
    "east", "great", "gt", "little", "lwr", "new", "north", "old", "south", "the", "upr", "west"
})
# fmt: on
# Words for a flat, as alternatives of a pattern.
FLAT: Final = "flat|apartment|appartment|apt|appt|maisonette|duplex"
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
DIRECTIONS: Final = frozenset({"north", "south", "east", "west"})
NATIONS: Final = frozenset(
    {"uk", "england", "scotland", "wales", "cymru", "northern ireland", "united kingdom", "great britain", "gb"}
)
