// How DuckDB is told to attach a catalog: which of its extensions read it, and the SQL.
#pragma once

#include <string>
#include <vector>

#include "engine/attached_catalog.h"

namespace eider {

// As eider.yaml writes it: "postgres".
std::string_view TypeName(CatalogType type);

// Whether a database server tells of itself in a schema of this name, in lower case.
bool TellsOfServer(std::string_view schema);

// In the order in which they are loaded.
std::vector<std::string> ExtensionsOf(const AttachedCatalog& catalog);

// Whether its extension opens files by itself, so that it reads them on a disk alone.
bool WantsDisk(const AttachedCatalog& catalog);

// The statements that attach it as `alias`, read-only; none for folders. They hold the password: nobody may be shown
// them. What is attached keeps nothing of it where SQL could read it: the secret is dropped again.
std::vector<std::string> AttachSql(const AttachedCatalog& catalog, const std::string& alias);

// The relation of a table in a folder: what stands behind NAME.schema.table, or NAME.table. kInvalid for a part that is
// no folder's name, for it would lead elsewhere.
Result<std::string> FolderRelation(const AttachedCatalog& catalog, const std::string& schema, const std::string& table);

// The keys that its extensions may read: of objects, or, ending in '/', of all below.
std::vector<std::string> KeysOf(const AttachedCatalog& catalog);

}  // namespace eider
