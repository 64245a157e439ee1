/** Text files in pieces that a question can be held against. Pure. */

export interface Chunk {
  /** The headline above it, or "". */
  readonly heading: string;
  readonly text: string;
}

const wanted = 500;
const most = 1500;
const maxChunksPerFile = 500;

/** Paragraphs of one headline together, until they are about 500 characters. */
export function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let heading = "";
  let parts: string[] = [];
  const close = (): void => {
    const whole = parts.join("\n\n");
    for (let at = 0; at < whole.length; at += most)
      chunks.push({ heading, text: whole.slice(at, at + most).toWellFormed() });
    parts = [];
  };
  for (const paragraph of paragraphsOf(text)) {
    if (chunks.length >= maxChunksPerFile) break;
    const title = /^#{1,6}\s+([^\n]+?)\s*#*$/.exec(paragraph)?.[1];
    if (title !== undefined) {
      close();
      heading = title.slice(0, 200).toWellFormed();
    } else {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      if (parts.length > 0 && length + paragraph.length > wanted) close();
      parts.push(paragraph);
    }
  }
  close();
  return chunks.slice(0, maxChunksPerFile);
}

/** A headline is a paragraph of its own, whatever stands below it. */
const paragraphsOf = (text: string): string[] =>
  text
    .replaceAll("\r\n", "\n")
    .replace(/^(#{1,6}[ \t]+[^\n]+)$/gm, "\n$1\n")
    .split(/\n[ \t]*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== "");

export interface Ranked extends Chunk {
  readonly path: string;
  readonly score: number;
}

export const topRanked = 3;
const augmentChars = 1000;

export type Use =
  | { readonly kind: "answer"; readonly chunk: Ranked }
  | { readonly kind: "augment"; readonly chunks: readonly Ranked[] }
  | { readonly kind: "nothing" };

/** What becomes of the best pieces. `mayAnswer`: without a model that looks at who asks. */
export function useOf(
  ranked: readonly Ranked[],
  bounds: { readonly answer: number; readonly augment: number },
  mayAnswer: (best: Ranked) => boolean,
): Use {
  const [best] = ranked;
  if (best === undefined || best.score < bounds.augment) return { kind: "nothing" };
  if (best.score >= bounds.answer && mayAnswer(best)) return { kind: "answer", chunk: best };
  const chunks = ranked.filter(({ score }) => score >= bounds.augment).slice(0, topRanked);
  return { kind: "augment", chunks };
}

const sourceOf = ({ path, heading }: Ranked): string =>
  heading === "" ? path : `${path}, "${heading}"`;

export const directAnswer = (chunk: Ranked): string =>
  `${chunk.text}\n\nSource: ${sourceOf(chunk)}`;

export function augmentText(chunks: readonly Ranked[]): string {
  const share = Math.floor(augmentChars / Math.max(1, chunks.length));
  return chunks
    .map((chunk) => `From ${sourceOf(chunk)}:\n${chunk.text.slice(0, share).toWellFormed()}`)
    .join("\n\n");
}
