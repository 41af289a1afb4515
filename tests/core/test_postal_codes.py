import pytest

from oms.core.postal_codes import normalize, regions


@pytest.mark.parametrize(
    "country, written, expected",
    [
        ("GB", "n1 9gu", "N1 9GU"),
        ("GB", "N19GU", "N1 9GU"),
        ("gb", " N1  9GU ", "N1 9GU"),
        ("GB", "N1-9GU", "N1 9GU"),
        ("GB", "ec1a1bb", "EC1A 1BB"),
        ("GB", "N1", "N1"),
        ("GB", "", ""),
        ("JE", "je23ab", "JE2 3AB"),
        ("NL", "1012AB", "1012 AB"),
        ("NL", "NL-1012 ab", "1012 AB"),
        ("NL", "1012", "1012"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("CA", "K1A", "K1A"),
        ("IE", "d08xy45", "D08 XY45"),
        ("PL", "00950", "00-950"),
        ("PL", "00 950", "00-950"),
        ("PT", "1000001", "1000-001"),
        ("PT", "1000", "1000"),
        ("SE", "SE-11822", "118 22"),
        ("CZ", "11000", "110 00"),
        ("GR", "10431", "104 31"),
        ("JP", "1000001", "100-0001"),
        ("DE", "D-10115", "10115"),
        ("DE", "10115", "10115"),
        ("FR", "84052 Cedex 9", "84052"),
        ("US", "123456789", "12345-6789"),
        ("US", "12345", "12345"),
        ("LV", "LV-1011", "1011"),
        ("LU", "l-5816", "5816"),
        ("BR", "58945000", "58945-000"),
        ("AR", "C1425ABC", "1425"),
        ("AD", "ad500", "AD500"),
        ("MT", "vlt1117", "VLT 1117"),
        ("DE", "c/o", "CO"),
    ],
)
def test_normalize_writes_a_code_as_its_country_does(country, written, expected):
    assert normalize(country, written) == expected
    assert normalize(country, expected) == expected


@pytest.mark.parametrize(
    "country, code, expected",
    [
        ("GB", "n19gu", ["N1 9GU", "N1 9", "N1", "N", ""]),
        ("GB", "EC1A 1BB", ["EC1A 1BB", "EC1A 1", "EC1A", "EC1", "EC", ""]),
        ("GB", "SW1", ["SW1", "SW", ""]),
        ("GB", "", [""]),
        ("PL", "81-042", ["81-042", "81-04", "81-0", "81", "8", ""]),
        ("CA", "K1A 0B1", ["K1A 0B1", "K1A 0B", "K1A 0", "K1A", "K1", "K", ""]),
    ],
)
def test_regions_go_from_near_to_far(country, code, expected):
    assert regions(country, code) == expected


def test_a_district_is_no_part_of_one_that_begins_alike():
    assert "N1" not in regions("GB", "N19 4AB")
    assert "N" not in regions("GB", "NE1 1AA")
