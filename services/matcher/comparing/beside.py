"""Pure. Recognises names that stand beside a house number and are not the name of the home."""

from typing import Final

from services.core.addresses.spelling.short_forms import LONG
from services.core.addresses.spelling.vocabulary import BUILDING_WORDS

# fmt: off
_BUSINESSES: Final = frozenset({
    "accountants", "agents", "arms", "autos", "bakers", "bakery", "bar", "barber", "barbers", "beauty", "betting",
    "bistro", "bookmakers", "boutique", "bros", "burger", "burgers", "butchers", "cafe", "carpets", "chemist",
    "chemists", "chips", "cleaners", "clinic", "club", "coffee", "company", "dental", "dentist", "dentists", "depot",
    "diner", "electrical", "factory", "fashions", "florist", "florists", "foods", "furniture", "grill", "grocers",
    "gym", "hair", "hairdressers", "hotel", "inn", "jewellers", "kebab", "kebabs", "kitchens", "launderette",
    "laundrette", "laundry", "library", "limited", "llp", "ltd", "mart", "motors", "nails", "news", "newsagent",
    "newsagents", "office", "offices", "optician", "opticians", "pets", "pharmacy", "phones", "pizza", "pizzas",
    "pizzeria", "plc", "pub", "restaurant", "salon", "services", "shoes", "shop", "showroom", "solicitors", "sons",
    "spice", "store", "stores", "studios", "supermarket", "surgery", "tailors", "takeaway", "tandoori", "tattoo",
    "tavern", "taxis", "travel", "tyres", "vape", "vets", "warehouse", "wines"
})
_OUTBUILDINGS: Final = frozenset({
    "garage", "garages", "outbuilding", "outbuildings", "shed", "stable", "stables", "workshop", "workshops"
})
# fmt: on
_OUTHOUSES: Final = ("coach house", "summer house", "garden room", "pool house")
_HOMES: Final = frozenset(LONG.get(word, word) for word in BUILDING_WORDS)


def is_beside_the_home(building: str) -> bool:
    """Return True if `building` names a shop or an outbuilding, and so not the home."""
    if building.endswith(_OUTHOUSES):
        return True
    words = building.split()
    # `bakery cottage` and `the old bakery` are homes.
    if not words or words[-1] in _HOMES or words[0] == "old":
        return False
    return not (_BUSINESSES.isdisjoint(words) and _OUTBUILDINGS.isdisjoint(words))
