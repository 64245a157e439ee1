import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { preview, redact } from "../../src/system/redact.ts";

const key = [
  "-----BEGIN RSA PRIVATE KEY-----",
  "MIIabcDEF",
  "xyz123",
  "-----END RSA PRIVATE KEY-----",
];

describe("secrets are taken out", () => {
  const secrets: [string, string][] = [
    ["sk-proj-Zm9vYmFyMTIzNDU2", "curl -H 'x: sk-proj-Zm9vYmFyMTIzNDU2' y"],
    ["hunter2", "mysql --password hunter2 -u x"],
    ["hunter2", '{"password":"hunter2","user":"x"}'],
    ["hunter2", '{\\"db_password\\": \\"hunter2\\"}'],
    ["abc.def-1", "Authorization: Bearer abc.def-1"],
    ["s3cr3tvalue", "export API_KEY=s3cr3tvalue; run"],
    ["s3cr3tvalue", "token:\n  s3cr3tvalue"],
    ["s3cr3tvalue", '{"command":"TOKEN=\\ns3cr3tvalue"}'],
    ["swordfish", "https://me:swordfish@example.org/x"],
    ["AKIAIOSFODNN7EXAMPLE", "id AKIAIOSFODNN7EXAMPLE"],
    ["ghp_0123456789abcdefghij", "git clone x ghp_0123456789abcdefghij"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"],
    ["0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"],
    ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "x wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    ["MIIabcDEF", `cat <<E\n${key.join("\n")}\nE`],
    ["xyz123", JSON.stringify({ content: key.join("\n") })],
    ["xyz123", key.slice(0, 3).join("\n")],
  ];
  test.each(secrets)("%s", (secret, text) => {
    expect(text).toContain(secret);
    expect(redact(text)).not.toContain(secret);
    expect(preview(text, 200)).not.toContain(secret);
  });
});

test("what is no secret stays readable", () => {
  for (const text of [
    '{"command":"ls -la /srv/con/artifacts/reports"}',
    '{"path":"notes/x.md","content":"hello there"}',
    "task x-0198f3c2-8a7e-7000-8000-0123456789ab",
  ])
    expect(redact(text)).toBe(text);
});

test("a preview is cut between characters, and no half of a key is left at its end", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.nat(300), (text, most) => {
      const shown = preview(text.toWellFormed(), most + 3);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(most + 3);
      expect(shown).toBe(shown.toWellFormed());
    }),
  );
  const secret = "sk-0123456789abcdef0123";
  for (let pad = 150; pad < 210; pad += 1)
    expect(preview(`${"x ".repeat(pad / 2)}${secret}`, 200)).not.toContain("sk-0");
  for (let pad = 16_300; pad < 16_400; pad += 7)
    expect(preview(`password=${"x".repeat(pad)} ${secret}${"y".repeat(900)}`, 200)).not.toContain(
      "sk-0",
    );
});

test("a hostile text costs no more than its length", () => {
  const parts = [
    "password",
    "-----BEGIN A-----",
    "://a:",
    "token\\n",
    "eyJaaaaaaaa.",
    "sk-",
    "[",
    "\\",
  ];
  // Quadratic time would outlast the test.
  for (const part of parts) expect(redact(part.repeat(400_000 / part.length))).not.toBe("");
});
