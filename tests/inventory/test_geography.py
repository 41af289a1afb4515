"""Where places are: the centers that are shipped, and files that are imported."""

import gzip
import zipfile

import pytest
from django.core.management import CommandError, call_command

from inventory import geography
from inventory.models import PostalCode
from inventory.planners.sourcing import distance_km
from tests import builders as make

pytestmark = pytest.mark.django_db

GEONAMES = (
    "GB\tN1 9GU\tLondon\tEngland\tENG\tGreater London\t11609024\t\t\t51.5355\t-0.1217\t6\n"
    "GB\tTD15 1AA\tBerwick\tEngland\tENG\t\t\t\t\t55.77\t-2.01\t6\n"
    "NL\t1012\tAmsterdam\tNoord-Holland\t07\t\t\t\t\t52.373\t4.892\t6\n"
    "NL\t1012\tAmsterdam Centrum\tNoord-Holland\t07\t\t\t\t\t52.375\t4.894\t6\n"
)


@pytest.fixture
def centers(db):
    """What the migration wrote, also after a test that emptied the tables."""
    geography.take_shipped()


def km(a, b):
    points = geography.coordinates({a, b})
    return distance_km(points.get(a), points.get(b))


def imported(path, **options):
    call_command("import_postal_codes", str(path), **options)


def test_any_way_of_writing_a_code_is_one_place(centers):
    written = [("GB", code) for code in ("N1 9GU", "n1 9gu", "N19GU", "N1")]

    assert len(set(geography.coordinates(written).values())) == 1


@pytest.mark.parametrize(
    "country, code, near, within_km",
    [
        ("GB", "LS1 4AP", (53.80, -1.55), 5),
        ("GB", "EC1A 1BB", (51.52, -0.10), 3),
        ("GB", "N99 9ZZ", (51.58, -0.12), 15),
        ("NL", "1012 AB", (52.37, 4.89), 15),
        ("CA", "K1A 0B1", (45.42, -75.70), 15),
        ("PL", "00-950", (52.23, 21.01), 20),
        ("PT", "1100-148", (38.71, -9.14), 30),
        ("US", "10001", (40.75, -73.99), 20),
        ("DE", "D-80331", (48.14, 11.57), 20),
        ("IE", "D02 X285", (53.34, -6.25), 10),
        ("AE", "", (24.9, 55.2), 150),
        ("IS", "101", (64.15, -21.94), 60),
    ],
)
def test_shipped_centers_are_where_places_are(centers, country, code, near, within_km):
    point = geography.coordinates({(country, code)})[country, code]

    assert distance_km(point, near) < within_km


def test_each_country_has_a_center(centers):
    assert PostalCode.objects.filter(code="").count() > 240
    assert PostalCode.objects.count() > 10_000


def test_import_of_geonames_own_file(centers, tmp_path):
    path = tmp_path / "GB_full.txt"
    path.write_text(GEONAMES)

    imported(path)

    assert geography.coordinates({("GB", "n19gu")}) == {("GB", "n19gu"): (51.5355, -0.1217)}
    assert geography.coordinates({("NL", "1012AB")})["NL", "1012AB"] == pytest.approx(
        (52.374, 4.893)
    )
    assert km(("GB", "N1 9ZZ"), ("GB", "N1")) == 0  # not in the file: its district


def test_import_reads_zip_and_gz_and_csv(centers, tmp_path):
    with zipfile.ZipFile(tmp_path / "allCountries.zip", "w") as archive:
        archive.writestr("readme.txt", "CC BY 4.0")
        archive.writestr("allCountries.txt", GEONAMES)
    with gzip.open(tmp_path / "codes.csv.gz", "wt") as file:
        file.write(
            "country_code,postal_code,latitude,longitude,places,place\nPL,81-042,54.5,18.5,1,Gdynia\n"
        )

    imported(tmp_path / "allCountries.zip", country=["nl"])
    imported(tmp_path / "codes.csv.gz")

    assert PostalCode.objects.get(country="PL", code="81-042").latitude == 54.5
    assert PostalCode.objects.filter(country="NL", code="1012").exists()
    assert not PostalCode.objects.filter(country="GB", code="N1 9GU").exists()


def test_bad_rows_are_named_and_the_rest_is_taken(centers, tmp_path, capsys):
    path = tmp_path / "codes.csv"
    path.write_text("country,code,lat,lon\nGB,N1 9GU,51.5,-0.1\nGB,X,north,0\nGBR,N1,51,0\n")

    imported(path)

    said = capsys.readouterr()
    assert "3 rows read, 1 postal codes written, 2 rows bad." in said.out
    assert "row 3" in said.err


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("name,city\nA,B\n")

    with pytest.raises(CommandError, match="neither GeoNames"):
        imported(path)
    with pytest.raises(CommandError, match="There is no file"):
        imported(tmp_path / "none.csv")


def test_a_warehouse_without_coordinates_is_where_its_postal_code_is(centers):
    place = make.warehouse("LEE", postal_code="ls1 4ap", latitude=None, longitude=None)
    place.refresh_from_db()

    points, there = geography.locate([place], ("GB", "M1 1AE"))

    assert place.postal_code == "LS1 4AP"
    assert 50 < distance_km(points[place.pk], there) < 65
