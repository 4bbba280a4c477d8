"""The static checks of ./dev check. Each takes the sources as {path: text} and answers complaints, one a line."""
import pathlib
import re
import subprocess

# The folders of src/: each may include itself and what stands to its left, never its neighbours (DESIGN: Layers).
LAYERS = [["base"], ["object"], ["lake"], ["engine"], ["catalog", "connectors"],
          ["download", "query", "model", "pipeline", "events", "scatter"], ["api"], ["server", "lambda", "cli"], ["program"]]
DEPTH = {folder: depth for depth, folders in enumerate(LAYERS) for folder in folders}

# Libraries that only these folders may include.
OUTSIDE = [(re.compile(r"duckdb(/|\.hpp|\.h$)|parquet_"), {"engine"}),
           (re.compile(r"nanoarrow/"), {"engine"}),
           (re.compile(r"aws/|s2n[./]"), {"object"}),
           (re.compile(r"boost/(beast|asio/(ip|local|ssl|basic_\w*socket))"), {"server", "lambda"})]

LONGEST_SOURCE = 500
LONGER_SOURCES: dict[str, int] = {}  # a ratchet: present lengths of files above it, which may shrink and never grow

VAGUE_WORDS = {"common", "helper", "helpers", "impl", "manager", "misc", "util", "utils"}
KNOWN_HOSTS = ("localhost", "[::1]", "0.0.0.0", "example.com", "example.org", "example.net",
               "json-schema.org", "maven.apache.org", "www.w3.org", "www.rfc-editor.org")
MACHINE_PATHS = re.compile(r"/(?:work|root)/")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
URL_HOST = re.compile(r"https?://(?:[^\s/@]*@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[::1\])")

Sources = dict[str, str]


def all_complaints(root: pathlib.Path) -> list[str]:
    sources = read_sources(root)
    checks = (layers, unused_headers, unlisted_sources, lengths, names, addresses)
    return [*(complaint for check in checks for complaint in check(sources)), *folder_map(sources), *formatting(root)]


def read_sources(root: pathlib.Path) -> Sources:
    """Every text file that git tracks or would track."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    sources = {}
    for name in sorted(filter(None, listed.split("\0"))):
        try:
            sources[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # data, or deleted and not yet committed
    return sources


def cpp_files(root: pathlib.Path) -> list[str]:
    return [name for name in read_sources(root) if name.endswith((".cc", ".h"))]


def layers(sources: Sources) -> list[str]:
    complaints = []
    for path, text in sources.items():
        parts = path.split("/")
        if parts[0] != "src" or not path.endswith((".cc", ".h")):
            continue
        folder = parts[1]
        if folder not in DEPTH and len(parts) > 2:
            complaints.append(f"{path}: src/{folder} is in no layer; give it a place in tools/check.py and DESIGN")
            continue
        for match in INCLUDE.finditer(text):
            included = match[1] or match[2]
            line = text.count("\n", 0, match.start()) + 1
            complaints += [f"{path}:{line}: {why}" for why in _forbidden(folder, parts, included, sources)]
    return complaints


def _forbidden(folder: str, parts: list[str], included: str, sources: Sources) -> list[str]:
    """Why a file of src/FOLDER may not include this."""
    for library, folders in OUTSIDE:
        if library.match(included) and folder not in folders:
            return [f"only {' and '.join(sorted(folders))} may include <{included}>"]
    target = included.split("/")
    if f"src/{included}" not in sources:
        return [f'"{included}" is not written from src/'] if included.startswith(".") else []
    if target[0] != folder and DEPTH.get(target[0], 99) >= DEPTH.get(folder, 99):
        return [f'{folder} may not include "{included}": {target[0]} does not stand to its left']
    if folder == "connectors" == target[0] and len(target) > 2 and target[1] != parts[2]:
        return [f'connectors/{parts[2]} may not include "{included}": connectors never include each other']
    return []


def unused_headers(sources: Sources) -> list[str]:
    included = {match[1] for text in sources.values() for match in INCLUDE.finditer(text)}
    return [f"{path}: nothing includes it" for path in sources
            if path.startswith("src/") and path.endswith(".h") and path.removeprefix("src/") not in included]


def unlisted_sources(sources: Sources) -> list[str]:
    return [f"{path}: no CMakeLists.txt above it lists it" for path in sources if path.endswith((".cc", ".c"))
            and not any(_lists(sources.get(f"{folder}CMakeLists.txt", ""), path.removeprefix(folder))
                        for folder in _folders_above(path))]


def _lists(cmake: str, name: str) -> bool:
    return re.search(rf"(?<![\w/]){re.escape(name)}\b", cmake) is not None


def _folders_above(path: str) -> list[str]:
    return ["", *(f"{parent}/" for parent in map(str, pathlib.PurePosixPath(path).parents) if parent != ".")]


def lengths(sources: Sources) -> list[str]:
    complaints = []
    for path, text in sources.items():
        longest = LONGER_SOURCES.get(path, LONGEST_SOURCE)
        if path.endswith((".cc", ".h", ".py", ".sh", ".ts", ".css", ".html")) and text.count("\n") > longest:
            complaints.append(f"{path}: longer than {longest} lines; split it by what it does")
    return complaints


def names(sources: Sources) -> list[str]:
    return [f"{path}: '{word}' says nothing; name it after what it does" for path in sources
            for word in re.split(r"[/_.\-]", path) if word in VAGUE_WORDS]


def addresses(sources: Sources) -> list[str]:
    """Nothing is fetched from an address of our choice, and nothing depends on the folders of one machine."""
    complaints = []
    for path, text in sources.items():
        for number, line in enumerate(text.splitlines(), 1):
            donations = path.endswith("package-lock.json") and line.lstrip().startswith('"url":')  # nobody fetches these
            if not path.startswith("src/") and not path.endswith(".md") and not donations:
                complaints += [f"{path}:{number}: {host} is none of KNOWN_HOSTS in tools/check.py"
                               for host in URL_HOST.findall(line) if not _known(host)]
            if MACHINE_PATHS.search(line):
                complaints.append(f"{path}:{number}: a path of one machine")
    return complaints


def _known(host: str) -> bool:
    return (host.startswith("127") or host.endswith((".test", ".invalid"))
            or any(host == known or host.endswith(f".{known}") for known in KNOWN_HOSTS))


def folder_map(sources: Sources) -> list[str]:
    """ARCHITECTURE.md has a table row that begins with | `folder` | for each folder of the first level and of src/."""
    text = sources.get("ARCHITECTURE.md")
    if text is None:
        return []
    mapped = {name.rstrip("/") for name in re.findall(r"^\| `([^`]+)` +\|", text, re.MULTILINE)}
    folders = {"/".join(path.split("/")[:depth]) for path in sources for depth in range(1, path.count("/") + 1)}
    wanted = {folder for folder in folders if re.fullmatch(r"src/[^/]+|(?!src$|\.)[^/]+", folder)}
    return [*(f"ARCHITECTURE.md: the map lacks `{folder}`" for folder in sorted(wanted - mapped)),
            *(f"ARCHITECTURE.md: there is no folder `{folder}`" for folder in sorted(mapped - folders))]


def formatting(root: pathlib.Path) -> list[str]:
    files = cpp_files(root)
    if not files:
        return []
    answer = subprocess.run(["clang-format-14", "--dry-run", *files], cwd=root, stderr=subprocess.PIPE, text=True)
    complaints = [line.split(":")[0] for line in answer.stderr.splitlines() if "clang-format-violations" in line]
    return [f"{path}: not formatted; ./dev fmt does it" for path in sorted(set(complaints))]
