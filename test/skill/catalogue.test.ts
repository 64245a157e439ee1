import { expect, test } from "vitest";
import { catalogueText } from "../../src/skill/catalogue.ts";

const many = (count: number, category?: (n: number) => string) =>
  [...Array(count).keys()].map((n) => ({
    name: `skill-${String(n).padStart(3, "0")}`,
    description: "Do one thing well when somebody asks for it. ".repeat(8).trim(),
    ...(category === undefined ? {} : { category: category(n) }),
  }));

test("few skills stand with their words, sorted, one line each", () => {
  expect(
    catalogueText([
      { name: "fry", description: "eggs" },
      { name: "boil", description: "water" },
    ]),
  ).toBe("- `boil`: water\n- `fry`: eggs");
});

test.each([1, 5, 20, 45, 60, 300, 2000])("%i skills cost a bounded prefix", (count) => {
  const text = catalogueText(many(count));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(6200);
  expect(text).toContain("skill-000");
  if (count <= 45) expect(text.split("\n")).toHaveLength(count);
});

test("hundreds stand by category, with names only, and say how the rest is found", () => {
  const text = catalogueText(many(300, (n) => (n % 2 === 0 ? "even" : "odd")));
  expect(text).toContain("- even: skill-000, skill-002");
  expect(text).toContain("- odd: skill-001");
  expect(text).not.toContain("more\n");
  expect(text).toContain("use_skill");
  expect(catalogueText(many(2000))).toMatch(/- and \d+ more\nuse_skill/);
});

test("is the same for the same skills in another order", () => {
  const all = many(300, (n) => `c${n % 7}`);
  expect(catalogueText([...all].reverse())).toBe(catalogueText(all));
});
