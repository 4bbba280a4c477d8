#!/usr/bin/env python3
"""Shows that each check rejects what it is there to reject, and lets pass what is right."""
import sys
import unittest

sys.dont_write_bytecode = True
import check  # noqa: E402


def tree(**extra: str) -> check.Sources:
    """A small right tree, with the given files put in; `__` in a name stands for '/' and `_h`, `_cc` for the suffix."""
    sources = {"src/base/result.h": "", "src/engine/database.h": '#include <duckdb.hpp>\n#include "base/result.h"\n',
               "src/api/handler.h": '#include "engine/database.h"\n', "src/catalog/dataset.h": "",
               "src/connectors/mail/mail.h": "", "src/connectors/ftp/ftp.h": "", "src/download/plan.h": "",
               "src/query/query.h": "", "src/server/server.h": ""}
    for name, text in extra.items():
        path = "src/" + name.replace("__", "/")
        sources[path[:-2] + ".h" if path.endswith("_h") else path[:-3] + ".cc"] = text
    return sources


class Layers(unittest.TestCase):
    def assert_rejected(self, why: str, **extra: str) -> None:
        complaints = check.layers(tree(**extra))
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(why, complaints[0])

    def test_the_line_is_accepted(self):
        self.assertEqual(check.layers(tree()), [])

    def test_a_folder_to_the_right(self):
        self.assert_rejected("src/base/a.cc:2: base may not include", base__a_cc='\n#include "engine/database.h"\n')

    def test_a_neighbour(self):
        self.assert_rejected("download may not include", download__x_h='#include "query/query.h"\n')
        self.assert_rejected("lambda may not include", lambda__x_h='#include "server/server.h"\n')
        self.assert_rejected("catalog may not include", catalog__x_h='#include "connectors/mail/mail.h"\n')

    def test_another_connector(self):
        self.assert_rejected("never include each other", connectors__mail__x_h='#include "connectors/ftp/ftp.h"\n')

    def test_a_library_outside_its_folder(self):
        self.assert_rejected("only engine may include", api__x_cc="#include <duckdb/common/types.hpp>\n")
        self.assert_rejected("only engine may include", cli__x_cc='#  include "duckdb.hpp"\n')
        self.assert_rejected("only object may include", lake__x_cc="#include <aws/s3/s3.h>\n")
        self.assert_rejected("only lambda and server", api__x_h="#include <boost/asio/ip/tcp.hpp>\n")

    def test_a_folder_without_a_layer(self):
        self.assert_rejected("in no layer", extras__x_h="")

    def test_a_path_that_is_relative(self):
        self.assert_rejected("not written from src/", api__x_cc='#include "../base/result.h"\n')


class Tidiness(unittest.TestCase):
    def test_a_header_that_nothing_includes(self):
        self.assertEqual(check.unused_headers({"src/base/a.h": "", "src/base/a.cc": '#include "base/a.h"'}), [])
        self.assertEqual(len(check.unused_headers({"src/base/a.h": ""})), 1)

    def test_a_source_that_cmake_does_not_list(self):
        listed = {"src/base/CMakeLists.txt": "SOURCES a.cc b_test.cc", "src/base/a.cc": "", "src/base/b_test.cc": ""}
        self.assertEqual(check.unlisted_sources(listed), [])
        self.assertEqual(len(check.unlisted_sources({**listed, "src/base/test.cc": "", "src/base/c.cc": ""})), 2)

    def test_a_long_file(self):
        self.assertEqual(check.lengths({"a.cc": "\n" * 500}), [])
        self.assertEqual(len(check.lengths({"a.cc": "\n" * 501})), 1)

    def test_a_vague_name(self):
        self.assertEqual(check.names({"src/base/community.h": ""}), [])
        self.assertEqual(len(check.names({"src/base/string_utils.h": "", "src/common/a.h": ""})), 2)

    def test_an_address(self):
        self.assertEqual(check.addresses({"a.py": "http://127.0.0.1:8080 https://data.example.com/x"}), [])
        self.assertEqual(len(check.addresses({"dev": "https:" + "//elsewhere.io/x", "b.md": "/ro" + "ot/x"})), 2)

    def test_the_folder_map(self):
        sources = {"src/base/a.h": "", "deps/pins": "", "ARCHITECTURE.md": "| `src/base` | x |\n| `deps` | x |\n"}
        self.assertEqual(check.folder_map(sources), [])
        self.assertEqual(len(check.folder_map({**sources, "web/a": ""})), 1)
        self.assertEqual(len(check.folder_map({**sources, "ARCHITECTURE.md": "| `src/base` | |\n| `gone` | |\n"})), 2)


if __name__ == "__main__":
    unittest.main()
