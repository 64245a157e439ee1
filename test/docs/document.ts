/** Writes docs/commands.md and docs/keys.md: `make build && node test/docs/document.ts`. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { commandsPage } from "./commands.ts";
import { keysPage } from "./keys.ts";

export const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/commands.md": commandsPage,
  "docs/keys.md": keysPage,
};

if (import.meta.main)
  for (const [path, page] of Object.entries(pages))
    writeFileSync(resolve(import.meta.dirname, "../..", path), await page());
