import { describe, expect, it } from "vitest";
import { decodePage } from "../../src/browser/page/charset.ts";
import { toMarkdown } from "../../src/browser/page/markdown.ts";

const read = (html: string, whole = false) =>
  toMarkdown({ html, url: "https://example.org/a/b", whole });

describe("Markdown", () => {
  it("has headings, links, tables, code and pictures, all absolute", () => {
    const { title, markdown } =
      read(`<title> A  title </title><h1>Head</h1><p><b>Bold</b> <a href="c">link</a>
<table><tr><th>A<th>B<tr><td>1<td>2</table><pre><code>x = 1</code></pre><img src="/i.png" alt="pic">`);
    expect(title).toBe("A title");
    expect(markdown).toContain("# Head\n\n**Bold** [link](https://example.org/a/c)");
    expect(markdown).toContain("| A   | B   |\n| --- | --- |\n| 1   | 2   |");
    expect(markdown).toContain("```\nx = 1\n```");
    expect(markdown).toContain("![pic](https://example.org/i.png)");
    expect(read('<base href="/x/"><a href="y">z</a>').markdown).toBe(
      "[z](https://example.org/x/y)",
    );
  });

  it("leaves out what is not seen and what is no address", () => {
    const { markdown } =
      read(`<p>seen</p><p style="display: none">A</p><p hidden>B</p><p style="font-size:0">C</p>
<div aria-hidden=true>D</div><script>E</script><style>F</style><noscript>G</noscript><template>H</template>
<a href="javascript:alert(1)">I</a><img src="data:image/png;base64,JJJ"><input value=K><svg><text>L</text></svg>`);
    expect(markdown).toBe("seen\n\nI");
  });

  it("takes what reads like an article, and all of it on demand", () => {
    const sentence = "This is a sentence of an article, with commas, and with words. ";
    const html = `<nav><a href=/1>Elsewhere</a></nav><article><h1>T</h1>${`<p>${sentence.repeat(6)}</p>`.repeat(6)}
<a href=z>more</a></article><footer>Imprint</footer>`;
    const part = read(html);
    expect(part.markdown).toContain(sentence.trim());
    expect(part.markdown).not.toContain("Elsewhere");
    expect(part.notes).toHaveLength(1);
    expect(read(html, true).markdown).toContain("Elsewhere");
  });

  it("reads broken and empty pages", () => {
    expect(read("").markdown).toBe("");
    expect(read("plain &amp; simple").markdown).toBe("plain & simple");
    expect(read("<p>a <b>b <i>c</p></html>tail<html>").markdown).toContain("tail");
    expect(read("<<<>>><p").markdown).toContain("<");
  });

  it("makes plain text of what is too deep or too much", () => {
    expect(read(`${"<div>".repeat(5_000)}deep &lt;down`)).toMatchObject({ markdown: "deep <down" });
    const many = read("<b>x</b>".repeat(70_000));
    expect(many.notes[0]).toContain("too many");
    // A list without end tags is not deep.
    expect(read(`<ul>${"<li>one".repeat(2_000)}`).notes).toEqual([]);
  });
});

describe("charsets", () => {
  const latin = (text: string) => Buffer.from(text, "latin1");
  it("are found in mark, header and page, in that order", () => {
    expect(decodePage(Buffer.from("\ufeffé"), "iso-8859-1")).toBe("é");
    expect(decodePage(Buffer.from("\ufeffé", "utf16le"), null)).toBe("é");
    expect(decodePage(latin("\x82\xa0"), "shift_jis")).toBe("あ");
    expect(decodePage(latin('<meta charset="iso-8859-15">\xa4'), null)).toContain("€");
    expect(
      decodePage(latin('<meta http-equiv=x content="text/html; charset=koi8-r">\xc1'), null),
    ).toContain("а");
    expect(decodePage(Buffer.from("<meta charset=utf-16>é"), null)).toContain("é");
    expect(decodePage(Buffer.from("é"), "no-such")).toBe("é");
    expect(decodePage(latin("\xe9"), null)).toBe("é");
  });
});
