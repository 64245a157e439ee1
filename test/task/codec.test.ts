import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeTask,
  encodeTask,
  markedLength,
  maxTaskBytes,
  needsYaml,
  requestOf,
} from "../../src/task/codec.ts";
import { readSimple } from "../../src/task/front-matter.ts";
import type { Request } from "../../src/task/task.ts";
import { loadYaml } from "../../src/task/yaml.ts";

const parseYaml = await loadYaml();
const limits = { maxBytes: maxTaskBytes, parseYaml };
const bytes = (text: string): Uint8Array => Buffer.from(text);
const decode = (text: string) => decodeTask(bytes(text), limits);

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const text = fc.string({ unit: "binary" }).filter((value) => value.trim() !== "");
const line = fc.stringMatching(/^[^\u0000-\u001f\u007f]{1,60}$/).filter((s) => s.isWellFormed());
const extraKey = fc.stringMatching(/^x[A-Za-z0-9_ .:#-]{0,12}$/);
const request: fc.Arbitrary<Request> = fc.record({
  text,
  thread: fc.option(line, { nil: null }),
  replyTo: fc.constantFrom(null, id),
  interim: fc.boolean(),
  priority: fc.constantFrom("low", "normal", "high"),
  deadline: fc.constantFrom(null, "2027-01-31T09:00:00Z"),
  attachments: fc.array(
    line.map((path) => `/${path}`),
    { maxLength: 4 },
  ),
  hops: fc.nat(999),
  via: fc.array(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), { maxLength: 8 }),
  behalf: fc.constantFrom(null, "0123456789abcdef0123456789abcdef", "0".repeat(32)),
  control: fc.constantFrom(null, { verb: "cancel", id } as const, { verb: "retry", id } as const),
  doneWhen: fc.constant(null),
  extra: fc.dictionary(extraKey, fc.oneof(text, fc.array(text, { maxLength: 3 })), { maxKeys: 3 }),
});

describe("encodeTask and decodeTask", () => {
  it("give back every request, with and without the end marker", () => {
    fc.assert(
      fc.property(request, fc.boolean(), (sent, endMarker) => {
        const decoded = decodeTask(encodeTask(sent, { endMarker }), limits);
        expect(decoded).toEqual({ ok: true, request: sent, complete: endMarker });
      }),
    );
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, front) => {
        const all = front ? Buffer.concat([bytes("---\n"), noise, bytes("\n---\nx")]) : noise;
        expect(typeof decodeTask(all, limits).ok).toBe("boolean");
      }),
    );
  });

  it("notice every truncation of a marked file", () => {
    const whole = encodeTask(requestOf("some text\nwith lines"), { endMarker: true });
    for (let length = 1; length < whole.length - 1; length += 1) {
      const decoded = decodeTask(whole.subarray(0, length), limits);
      expect(decoded.ok && decoded.complete).toBe(false);
    }
  });
});

/** As con writes it, without the marker. */
const encoded = (text: string, rest: Partial<Request> = {}): string =>
  Buffer.from(encodeTask(requestOf(text, rest), { endMarker: false })).toString();

describe("a file that con writes", () => {
  it("is the text alone where nothing else is said, and has a line for each thing that is", () => {
    expect(encoded("hi")).toBe("hi\n");
    expect(encoded("hi", { thread: "t", hops: 1, interim: true })).toBe(
      '---\nthread: "t"\ninterim: "yes"\nhops: "1"\n---\nhi\n',
    );
  });

  it.each(["---\nthread: x\n---\nhi", "---", "\ufeffhi", "\ufeff---\nhi"])(
    "does not make front matter of the text %j",
    (text) => expect(decode(encoded(text))).toMatchObject({ request: { text, thread: null } }),
  );

  it.each(["hi ---", "a\n---\nb", "hi\ufeff"])("needs none for the text %j", (text) => {
    expect(encoded(text)).toBe(`${text}\n`);
    expect(decode(encoded(text))).toMatchObject({ request: { text } });
  });
});

describe("con's own reader and YAML", () => {
  it("agree on whatever con's reader accepts", () => {
    const value = fc.oneof(
      fc.stringMatching(/^[ -~]{1,20}$/),
      fc.string({ unit: "binary" }).map((s) => JSON.stringify(s)),
      fc.array(fc.string()).map((s) => JSON.stringify(s)),
    );
    const entries = fc.array(fc.tuple(fc.stringMatching(/^[a-z_]{1,8}$/), value), { maxLength: 4 });
    fc.assert(
      fc.property(entries, (pairs) => {
        const front = pairs.map(([key, text]) => `${key}: ${text}\n`).join("");
        const simple = readSimple(front);
        fc.pre(simple !== null && !/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(front));
        expect(Object.fromEntries(simple)).toEqual(parseYaml(front) ?? {});
      }),
      { numRuns: 500 },
    );
  });

  it("both read front matter of 64 KiB, and no more", () => {
    const of = (size: number) => bytes(`---\nx: ${"y".repeat(size - 7)} # z\n---\nhi`);
    expect(needsYaml(of(64 * 1024))).toBe(true);
    expect(decodeTask(of(64 * 1024), limits)).toMatchObject({ ok: true });
    const why = "the front matter is too long";
    expect(decodeTask(of(64 * 1024 + 1), limits)).toEqual({ ok: false, why });
  });

  it("are told apart, so that a plain task loads no YAML", () => {
    expect(needsYaml(bytes("hello\n"))).toBe(false);
    expect(needsYaml(bytes("---\nthread: my invoices\npriority: high\n---\nhi"))).toBe(false);
    expect(
      needsYaml(encodeTask(requestOf("x", { replyTo: id, hops: 3 }), { endMarker: true })),
    ).toBe(false);
    expect(needsYaml(bytes("---\nthread: invoices # a comment\n---\nhi"))).toBe(true);
  });
});

describe("a plain file", () => {
  it("is a complete task without its last newline", () => {
    expect(decode("hi\n")).toEqual({ ok: true, request: requestOf("hi"), complete: false });
    expect(decode("hi")).toEqual({ ok: true, request: requestOf("hi"), complete: false });
    expect(decode("a\n\n")).toMatchObject({ request: { text: "a\n" } });
  });

  it("may carry the front matter of interface.md, comments and all", () => {
    const decoded = decode(`---
thread: invoices          # conversation to continue
reply_to: ${id}
priority: high            # low | normal | high
deadline: 2027-01-31T09:00:00Z
attachments: [/srv/con/artifacts/a.pdf]
mood: [fine, 1]
---
Summarise the attached invoice.
`);
    expect(decoded).toEqual({
      ok: true,
      complete: false,
      request: {
        text: "Summarise the attached invoice.",
        thread: "invoices",
        replyTo: id,
        interim: false,
        priority: "high",
        deadline: "2027-01-31T09:00:00Z",
        attachments: ["/srv/con/artifacts/a.pdf"],
        hops: 0,
        via: [],
        behalf: null,
        control: null,
        doneWhen: null,
        extra: { mood: ["fine", "1"] },
      },
    });
  });

  it("may be a control file without a text", () => {
    expect(decode(`---\ncancel: ${id}\n---\n`)).toMatchObject({
      ok: true,
      request: { control: { verb: "cancel", id } },
    });
  });

  it("keeps what looks like a marker but does not fit", () => {
    expect(markedLength(bytes("a\n--- end 3\n"))).toBeNull();
    expect(markedLength(bytes("a\n--- end 2\n"))).toBe(2);
    expect(markedLength(bytes("a\n--- end 2"))).toBe(2);
    expect(markedLength(bytes("--- end 0\n"))).toBe(0);
    expect(decode("a\n--- end 3\n")).toMatchObject({ request: { text: "a\n--- end 3" } });
  });
});

describe("malformed", () => {
  const bomb = `a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]`;
  it.each([
    ["", /empty/],
    ["\n \n", /no text/],
    ["---\nthread: x\n", /not closed/],
    ["---\n: : :\n---\nx", /front matter/],
    ["---\n- a\n---\nx", /not a list of/],
    ["---\njust words\n---\nx", /not a list of/],
    ["---\npriority: urgent\n---\nx", /priority must be low, normal or high/],
    ["---\npriority: high\npriority: low\n---\nx", /unique/i],
    ["---\nreply_to: ../../etc/passwd\n---\nx", /reply_to must be a task id/],
    ["---\ncancel: $(reboot)\n---\n", /cancel must be a task id/],
    [`---\ncancel: ${id}\nretry: ${id}\n---\n`, /alone/],
    ["---\ndeadline: tomorrow\n---\nx", /deadline/],
    ["---\nattachments: [relative]\n---\nx", /absolute/],
    ["---\nhops: -1\n---\nx", /hops/],
    ['---\nthread: "a\\nb"\n---\nx', /thread/],
    [`---\n${bomb}\n---\nx`, /front matter/],
    ["---\nx: !!js/function y\n---\nx", /front matter/],
    [`---\nx: ${"[".repeat(20_000)}\n---\nx`, /front matter/],
    [`---\nx: ${"y".repeat(70_000)}\n---\nx`, /too long/],
  ])("%j is refused with a reason", (content, why) => {
    const decoded = decode(content);
    expect(decoded).toMatchObject({ ok: false, why: expect.stringMatching(why) });
  });

  it("is what is not UTF-8, or too large", () => {
    expect(decodeTask(new Uint8Array([0x68, 0xff]), limits)).toMatchObject({
      ok: false,
      why: "the text is not UTF-8",
    });
    expect(decodeTask(new Uint8Array(11).fill(65), { ...limits, maxBytes: 10 })).toEqual({
      ok: false,
      why: "the file is larger than 10 bytes",
    });
    expect(decodeTask(new Uint8Array(10).fill(65), { ...limits, maxBytes: 10 }).ok).toBe(true);
  });

  it("is what needs a YAML parser where there is none, or one that fails", () => {
    const commented = bytes("---\n# hello\n---\nx");
    const failing = (fault: unknown) => () => {
      throw fault;
    };
    const why = (parser: typeof parseYaml | null) =>
      decodeTask(commented, { ...limits, parseYaml: parser });
    expect(why(null)).toEqual({ ok: false, why: "the front matter needs a YAML parser" });
    expect(why(failing(new Error("odd")))).toEqual({ ok: false, why: "front matter: odd" });
    expect(why(failing("odd"))).toEqual({ ok: false, why: "front matter: unreadable" });
    expect(why(parseYaml)).toEqual({ ok: true, request: requestOf("x"), complete: false });
  });
});
