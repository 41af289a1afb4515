"""VAT areas, which aren't countries: Northern Ireland, Man, Monaco, the bases on Cyprus, and Article 6."""

import pytest

from orders.planners import places, vat

BRITISH, NORTHERN, GERMAN, FRENCH = "GB980780684", "XI980780684", "DE136695976", "FR40303265045"
BELFAST, LONDON = "BT1 1AA", "N1 9GU"


@pytest.mark.parametrize(
    "country, code, expected",
    [
        ("GB", LONDON, ("GB", "GB", "")),
        ("GB", BELFAST, ("GB", "XI", "")),
        ("gb", "bt11aa", ("GB", "XI", "")),
        ("GB", "B1 1AA", ("GB", "GB", "")),
        ("GB", "JE2 3AB", ("JE", "", "")),
        ("GB", "GY1 1AA", ("GG", "", "")),
        ("GB", "IM1 1AA", ("GB", "GB", "")),
        ("IM", "", ("GB", "GB", "")),
        ("GB", "BFPO 57", ("CY", "CY", "")),
        ("GB", "BFPO 58", ("CY", "CY", "")),
        ("CY", "4640", ("CY", "CY", "")),
        ("MC", "98000", ("FR", "FR", "")),
        ("FR", "98000", ("FR", "FR", "")),
        ("FR", "75001", ("FR", "FR", "")),
        ("FR", "97110", ("FR", "", "French overseas")),
        ("RE", "97400", ("RE", "", "")),
        ("GP", "", ("GP", "", "")),
        ("ES", "28001", ("ES", "ES", "")),
        ("ES", "35001", ("ES", "", "Canary Islands")),
        ("ES", "38001", ("ES", "", "Canary Islands")),
        ("ES", "51001", ("ES", "", "Ceuta")),
        ("ES", "52001", ("ES", "", "Melilla")),
        ("FI", "22100", ("FI", "", "Åland")),
        ("AX", "22100", ("AX", "", "")),
        ("FI", "00100", ("FI", "FI", "")),
        ("GR", "63086", ("GR", "", "Mount Athos")),
        ("GR", "105 57", ("GR", "GR", "")),
        ("DE", "27498", ("DE", "", "Heligoland")),
        ("DE", "D-78266", ("DE", "", "Büsingen")),
        ("DE", "10115", ("DE", "DE", "")),
        ("IT", "23041", ("IT", "", "Livigno")),
        ("IT", "22061", ("IT", "", "Campione d'Italia")),
        ("IT", "20121", ("IT", "IT", "")),
        ("JE", "", ("JE", "", "")),
        ("GG", "", ("GG", "", "")),
        ("US", "10001", ("US", "", "")),
    ],
)
def test_places_by_postal_code(country, code, expected):
    found = places.place(country, code)

    assert (found.country, found.area, found.territory) == expected


@pytest.mark.parametrize(
    "seller, to, number, category",
    [
        # goods to and from Northern Ireland
        (("DE", "10115"), ("GB", BELFAST), NORTHERN, "K"),
        (("DE", "10115"), ("GB", BELFAST), BRITISH, None),
        (("DE", "10115"), ("GB", BELFAST), "", None),
        (("DE", "10115"), ("GB", LONDON), NORTHERN, "G"),
        (("DE", "10115"), ("GB", LONDON), "", "G"),
        (("GB", BELFAST), ("DE", "10115"), GERMAN, "K"),
        (("GB", BELFAST), ("DE", "10115"), "", None),
        (("GB", BELFAST), ("DE", "10115"), NORTHERN, None),
        (("GB", LONDON), ("DE", "10115"), GERMAN, "G"),
        (("GB", LONDON), ("GB", BELFAST), NORTHERN, None),
        (("GB", BELFAST), ("GB", LONDON), BRITISH, None),
        (("GB", BELFAST), ("US", "10001"), "", "G"),
        # Man, Monaco, the bases
        (("GB", LONDON), ("IM", "IM1 1AA"), "", None),
        (("DE", "10115"), ("IM", "IM1 1AA"), "", "G"),
        (("FR", "75001"), ("MC", "98000"), "", None),
        (("DE", "10115"), ("MC", "98000"), FRENCH, "K"),
        (("DE", "10115"), ("GB", "BFPO 57"), "", None),
        (("GB", LONDON), ("GB", "BFPO 57"), "", "G"),
        # the territories of Article 6, from there and to there
        (("ES", "28001"), ("ES", "35001"), "", "G"),
        (("ES", "35001"), ("ES", "28001"), "", "G"),
        (("ES", "35001"), ("ES", "38001"), "", None),
        (("DE", "10115"), ("DE", "27498"), "", "G"),
        (("DE", "27498"), ("DE", "10115"), "", "G"),
        (("DE", "10115"), ("DE", "78266"), GERMAN, "G"),
        (("FR", "75001"), ("FR", "97110"), "", "G"),
        (("FR", "75001"), ("RE", "97400"), "", "G"),
        (("FI", "00100"), ("AX", "22100"), "", "G"),
        (("GB", LONDON), ("GB", "JE2 3AB"), "", "G"),
        (("IT", "20121"), ("IT", "23041"), "", "G"),
    ],
)
def test_goods(seller, to, number, category):
    found = vat.untaxed(
        seller=seller[0],
        seller_postal_code=seller[1],
        to=to[0],
        to_postal_code=to[1],
        buyer_vat_number=number,
    )

    assert (found.category if found else None) == category


@pytest.mark.parametrize(
    "seller, to, number, category",
    [
        (("DE", "10115"), ("GB", BELFAST), NORTHERN, None),
        (("GB", BELFAST), ("DE", "10115"), GERMAN, None),
        (("DE", "10115"), ("FR", "75001"), FRENCH, "AE"),
        (("DE", "10115"), ("FR", "75001"), NORTHERN, None),
        (("DE", "10115"), ("FR", "75001"), "", None),
    ],
)
def test_services_are_never_covered_by_the_protocol(seller, to, number, category):
    found = vat.untaxed(
        seller=seller[0],
        seller_postal_code=seller[1],
        to=to[0],
        to_postal_code=to[1],
        buyer_vat_number=number,
        is_goods=False,
    )

    assert (found.category if found else None) == category


@pytest.mark.parametrize(
    "seller, to, number, uncertain",
    [
        ("DE", ("GB", ""), "", True),
        ("DE", ("GB", "BF1 2AX"), "", True),
        ("DE", ("GB", LONDON), "", False),
        ("GB", ("GB", ""), "", False),
        ("DE", ("ES", ""), "ESA13585625", True),
        ("DE", ("ES", ""), "", False),
        ("DE", ("ES", "28001"), "ESA13585625", False),
        ("DE", ("US", ""), "", False),
        ("US", ("GB", ""), "", False),
    ],
)
def test_untaxed_supply_whose_place_cannot_be_told_is_noticed(seller, to, number, uncertain):
    assert (
        vat.is_uncertain(
            places.place(seller, "10115" if seller == "DE" else LONDON), places.place(*to), number
        )
        is uncertain
    )
