from hypothesis import given
from hypothesis import strategies as st

from services.core.address import AddressParts, parse_address
from services.matcher.addresses import Level, compare

STREETS = ("High Street", "Mill Lane", "St Anne's Road", "Station Road North", "Broadway", "The Green", "Park Avenue")
BUILDINGS = ("Rose Cottage", "Maple Court", "The Gables", "Ivy House")
FLOORS = {"ground", "first", "first left"}
units = st.one_of(
    st.integers(1, 60).map(str),
    st.sampled_from(["a", "b", "c", "12b", "ground", "first", "first left", "2/1", "0/1"]),
)
names = st.sampled_from(["", "high st", "high str", "mill ln", "park rd", "rose cott", "ivy cott"])
addresses = st.builds(
    AddressParts,
    st.frozensets(units, max_size=3),
    st.frozensets(st.integers(1, 60).map(str), max_size=3),
    names,
    names,
)


@given(a=addresses, b=addresses)
def test_it_does_not_matter_which_address_is_given_first(a, b):
    assert compare(a, b) == compare(b, a)


@given(address=addresses)
def test_an_address_is_the_same_as_itself_when_it_has_a_number_or_a_building(address):
    expected = {Level.SAME} if address.numbers or address.building else {Level.NEAR, Level.UNKNOWN}

    assert compare(address, address).level in expected


@given(a=addresses, b=addresses)
def test_addresses_that_are_the_same_lack_nothing_of_each_other(a, b):
    if compare(a, b).level is Level.SAME:
        assert a.sub_units - FLOORS == b.sub_units - FLOORS
        assert bool(a.numbers) == bool(b.numbers)


@given(text=st.lists(st.text(), max_size=4), town=st.none() | st.text(max_size=10))
def test_any_text_is_parsed_into_parts_that_survive_their_compact_form(text, town):
    address = parse_address(text, town)

    assert AddressParts.from_compact(address.to_compact()) == address


@given(
    number=st.integers(1, 999),
    letter=st.sampled_from("abcdfgh"),
    street=st.sampled_from(STREETS),
    case=st.sampled_from([str.upper, str.lower, str.title]),
)
def test_a_lettered_flat_is_the_same_in_every_dress(number, letter, street, case):
    dressed = [
        parse_address([case(text)])
        for text in (
            f"Flat {letter}, {number} {street}",
            f"Flat {letter} {number} {street} FY1 1AA",
            f"{number}{letter} {street}",
            f"{number} {letter} {street}",
        )
    ]

    assert all(compare(dressed[0], other).level is Level.SAME for other in dressed)


@given(
    flat=st.integers(1, 99),
    number=st.integers(1, 999),
    street=st.sampled_from(STREETS),
    building=st.sampled_from(["", *BUILDINGS]),
    town=st.sampled_from(["Blackpool", "St Annes", "Stoke-on-Trent"]),
)
def test_one_line_or_several_commas_or_none_give_the_same_parts(flat, number, street, building, town):
    lines = [part for part in (f"Flat {flat}", building, f"{number} {street}", town, "FY1 1AA") if part]

    assert (
        parse_address(lines, town) == parse_address([", ".join(lines)], town) == parse_address([" ".join(lines)], town)
    )
