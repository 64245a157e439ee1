/** What a file is to a question. Types only. */

export type Source = Found & {
  /** It may hold words of strangers. */
  readonly untrusted?: true;
};

type Found =
  | {
      readonly kind: "text";
      readonly path: string;
      readonly text: string;
      /** What a reader should know, e.g. that its middle is missing. */
      readonly about: string;
    }
  | { readonly kind: "image"; readonly path: string; readonly url: string; readonly about: string }
  /** Not read, and why. */
  | { readonly kind: "note"; readonly path: string; readonly about: string };
