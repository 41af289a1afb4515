"""The official schemas of Shopify's Admin API, as its npm package `@shopify/dev-mcp` carries them (LICENSE.shopify).

`shopify.xz` holds the schema of each version as SDL, without descriptions. Renew it with
`python -m tests.channels.schemas.shopify`, which needs `npm` and the network.
"""

import gzip
import json
import lzma
import re
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_client_schema, build_schema, print_schema

from orders.channels.connectors.shopify import documents
from orders.channels.connectors.shopify.client import VERSIONS

FILE = Path(__file__).with_name("shopify.xz")
PACKAGE = "@shopify/dev-mcp"
WORD, TYPE = re.compile(r"\w+"), re.compile(r"\b[A-Z]\w+")
HEAD = re.compile(r"(type|input|enum|union|interface|scalar) (\w+)")


@cache
def texts():
    """The SDL of each version."""
    return json.loads(lzma.decompress(FILE.read_bytes()))


@cache
def schema(version) -> GraphQLSchema:
    """The schema of a version with the fields whose names our documents use; inputs and enums are whole.

    Whatever a document says is judged as by the whole schema, which takes some seconds to build.
    """
    blocks = {}
    rest = []
    for block in texts()[version].strip().split("\n\n"):
        head = HEAD.match(block)
        if head:
            blocks[head[2]] = block
        else:
            rest.append(block)
    used = {word for document in documents.ALL for word in WORD.findall(document)}
    kept, waiting = {}, ["QueryRoot", "Mutation"]
    while waiting:
        name = waiting.pop()
        if name in kept or name not in blocks:
            continue
        kept[name] = _pruned(blocks[name], used)
        waiting += TYPE.findall(kept[name])
    return build_schema("\n\n".join([*rest, *kept.values()]), assume_valid=True)


def _pruned(block, used):
    if not block.startswith(("type ", "interface ")):
        return block
    head, *fields, end = block.split("\n")
    fields = [line for line in fields if WORD.search(line)[0] in used | {"id"}]
    return "\n".join([head, *fields, end]) if fields else head.removesuffix(" {")


def renew():
    """Fetch the newest package and keep the schemas of the versions that we support."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            found = {version: _sdl(package, version) for version in VERSIONS}
            license = package.extractfile("package/LICENSE").read()
    FILE.write_bytes(lzma.compress(json.dumps(found).encode(), preset=9 | lzma.PRESET_EXTREME))
    FILE.with_name("LICENSE.shopify").write_bytes(license)


def _sdl(package, version):
    packed = package.extractfile(f"package/dist/data/admin_{version}.json.gz").read()
    return print_schema(build_client_schema(_bare(json.loads(gzip.decompress(packed))["data"])))


def _bare(value):
    """The introspection without descriptions."""
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name != "description"}
    return [_bare(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    renew()
