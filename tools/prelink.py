"""Binds a shared library's references to itself, ahead of the loader, where the loader would find the same.

DuckDB's library refers to its own functions and tables by name some 60,000 times, and to look these names up among all
libraries is most of what loading it takes. A name that no other file of a closed set defines can only be its own: such a
reference becomes one that the loader has only to add an address to.
"""
import pathlib
import struct

# Of x86-64 and AArch64, by the machine's number in ELF's header: the kinds of relocation.
ABSOLUTE = {62: 1, 183: 257}
GLOBAL_DATA = {62: 6, 183: 1025}
JUMP_SLOT = {62: 7, 183: 1026}
RELATIVE = {62: 8, 183: 1027}
DT = {"JMPREL": 23, "PLTRELSZ": 2, "RELA": 7, "RELACOUNT": 0x6FFFFFF9, "RELASZ": 8, "STRTAB": 5, "SYMTAB": 6}
PT_LOAD, PT_DYNAMIC = 1, 2
RELOCATION, SYMBOL, DYNAMIC = struct.Struct("<QQq"), struct.Struct("<IBBHQQ"), struct.Struct("<qQ")
SECTION, DYNSYM = struct.Struct("<IIQQQQIIQQ"), 11
OBJECT, FUNCTION = 1, 2  # and neither thread-local nor chosen at run time
GLOBAL, WEAK = 1, 2      # and not unique in the whole process


def bind(library: pathlib.Path, others: list[pathlib.Path]) -> int:
    """Writes `library` anew, and answers how many references it has bound. `others` are all that it is loaded with."""
    image = bytearray(library.read_bytes())
    elf = _Elf(image)
    foreign = set().union(*map(_names, others))
    relative, rest, bound = [], [], 0
    for offset, info, addend in elf.relocations("RELA", "RELASZ"):
        address = elf.own_address(info >> 32, foreign) if info & 0xFFFFFFFF in (
            ABSOLUTE[elf.machine], GLOBAL_DATA[elf.machine]) else None
        if address is not None:
            bound += 1
            relative.append((offset, RELATIVE[elf.machine], address + addend))
        else:
            (relative if info == RELATIVE[elf.machine] else rest).append((offset, info, addend))
    for number, entry in enumerate(sorted(relative) + rest):  # the loader has a loop of its own for the first of them
        RELOCATION.pack_into(image, elf.file_offset(elf.tag["RELA"]) + number * RELOCATION.size, *entry)
    elf.set_tag("RELACOUNT", len(relative))
    for offset, info, _ in elf.relocations("JMPREL", "PLTRELSZ"):
        address = elf.own_address(info >> 32, foreign) if info & 0xFFFFFFFF == JUMP_SLOT[elf.machine] else None
        if address is not None:  # the loader adds to a slot where the library came to lie, and leaves the rest for the call
            bound += 1
            struct.pack_into("<Q", image, elf.file_offset(offset), address)
    library.write_bytes(image)
    return bound


class _Elf:
    """A shared library of 64 bits, by its dynamic section."""

    def __init__(self, image: bytearray) -> None:
        self._image = image
        self.machine, = struct.unpack_from("<H", image, 18)
        table, = struct.unpack_from("<Q", image, 32)
        size, count = struct.unpack_from("<HH", image, 54)
        headers = [struct.unpack_from("<IIQQQQQQ", image, table + number * size) for number in range(count)]
        self._loads = [(address, offset, length) for kind, _, offset, address, _, length, _, _ in headers
                       if kind == PT_LOAD]
        self._dynamic, length = next((offset, length) for kind, _, offset, _, _, length, _, _ in headers
                                     if kind == PT_DYNAMIC)
        self._places = {tag: self._dynamic + number * DYNAMIC.size for number, (tag, _) in enumerate(
            DYNAMIC.iter_unpack(image[self._dynamic:self._dynamic + length]))}
        self.tag = {name: DYNAMIC.unpack_from(image, self._places[number])[1] for name, number in DT.items()}

    def set_tag(self, name: str, value: int) -> None:
        DYNAMIC.pack_into(self._image, self._places[DT[name]], DT[name], value)

    def file_offset(self, address: int) -> int:
        return next(offset + address - start for start, offset, length in self._loads if start <= address < start + length)

    def relocations(self, table: str, size: str) -> list[tuple[int, int, int]]:
        begin = self.file_offset(self.tag[table])
        return list(RELOCATION.iter_unpack(self._image[begin:begin + self.tag[size]]))

    def own_address(self, symbol: int, foreign: set[bytes]) -> int | None:
        """Where a symbol lies that only this library defines."""
        name, info, _, section, value, _ = SYMBOL.unpack_from(
            self._image, self.file_offset(self.tag["SYMTAB"]) + symbol * SYMBOL.size)
        if section == 0 or info & 15 not in (OBJECT, FUNCTION) or info >> 4 not in (GLOBAL, WEAK):
            return None
        begin = self.file_offset(self.tag["STRTAB"]) + name
        return None if bytes(self._image[begin:self._image.index(0, begin)]) in foreign else value


def _names(path: pathlib.Path) -> set[bytes]:
    """Of the symbols that a file gives others an address of; a function that it only calls may have one there, too."""
    image = path.read_bytes()
    table, = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    sections = [SECTION.unpack_from(image, table + number * size) for number in range(count)]
    names = set()
    for _, kind, _, _, offset, length, strings, _, _, _ in sections:
        for name, _, _, section, value, _ in SYMBOL.iter_unpack(image[offset:offset + length]) if kind == DYNSYM else ():
            if section or value:
                begin = sections[strings][4] + name
                names.add(image[begin:image.index(0, begin)])
    return names
