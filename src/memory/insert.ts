/**
 * The rows that make a new memory: the memory itself, its details, its owner, its category. Only inside the
 * transaction of `store.ts`; asks the rules who may describe a category, and nothing else.
 */
import type Database from "better-sqlite3";
import type { Prepared } from "./draft.ts";
import { mayDescribe } from "./rules.ts";
import type { SourceTrust } from "./types.ts";

export function inserting(database: Database.Database) {
  const principal = principalNumber(database);
  const insert = database.prepare(`INSERT INTO memories (principal, category, kind, provenance,
    confidence, state, created, updated, touched, expires, task, sender, trust, call, title_key,
    digest, has_details, title, text) VALUES (@owner, @category, @kind, @provenance, @confidence,
    'live', @at, @at, @at, @expires, @task, @from, @trust, @call, @titleKey, @digest, @hasDetails,
    @title, @text)`);
  const keep = database.prepare("INSERT INTO details (memory, text) VALUES (?, ?)");
  return ({ source, details, ...made }: Prepared, category: number, at: number): number => {
    const owner = principal(made.principal);
    const hasDetails = details === null ? 0 : 1;
    const row = { ...made, ...source, owner, category, at, hasDetails };
    const id = Number(insert.run(row).lastInsertRowid);
    if (details !== null) keep.run(id, details);
    return id;
  };
}

function principalNumber(database: Database.Database): (name: string) => number {
  const add = database.prepare("INSERT OR IGNORE INTO principals (name) VALUES (?)");
  const find = database
    .prepare<[string], number>("SELECT id FROM principals WHERE name = ?")
    .pluck();
  return (name) => {
    const known = find.get(name);
    return known ?? Number(add.run(name).lastInsertRowid);
  };
}

interface CategoryRow {
  readonly id: number;
  readonly description: string;
  readonly trust: SourceTrust;
}

/** The number of the category, which is made where there is none, and described where it may be. */
export function describing(database: Database.Database): (made: Prepared) => number {
  const principal = principalNumber(database);
  const find = database.prepare<[number, string], CategoryRow>(
    "SELECT id, description, trust FROM categories WHERE principal = ? AND key = ?",
  );
  const add = database.prepare(`INSERT INTO categories (principal, key, name, description, trust)
    VALUES (@owner, @categoryKey, @category, @description, @trust)`);
  const describe = database.prepare(
    "UPDATE categories SET description = @description, trust = @trust WHERE id = @id",
  );
  // Who is trusted names it anew, and a stranger's words about it go.
  const take = database.prepare(
    "UPDATE categories SET name = @category, description = @description, trust = 'verified' WHERE id = @id",
  );
  return ({ categoryKey, category, description, source: { trust }, ...made }) => {
    const owner = principal(made.principal);
    const known = find.get(owner, categoryKey);
    if (known === undefined)
      return Number(add.run({ owner, categoryKey, category, description, trust }).lastInsertRowid);
    if (trust === "verified" && known.trust !== "verified") {
      take.run({ id: known.id, category, description });
      return known.id;
    }
    const before = known.description === "" && known.trust !== "verified" ? null : known.trust;
    if (description !== "" && description !== known.description && mayDescribe(trust, before))
      describe.run({ id: known.id, description, trust });
    return known.id;
  };
}
