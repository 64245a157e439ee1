/** As much of two packages as is used here; they have no types of their own. */
declare module "@joplin/turndown-plugin-gfm" {
  import type TurndownService from "turndown";
  export const gfm: TurndownService.Plugin;
}

declare module "@mixmark-io/domino" {
  export interface Element {
    readonly textContent: string;
    readonly innerHTML: string;
    getAttribute(name: string): string | null;
    setAttribute(name: string, value: string): void;
    removeAttribute(name: string): void;
    remove(): void;
  }
  export interface Document {
    readonly title: string;
    readonly body: Element;
    querySelector(selector: string): Element | null;
    querySelectorAll(selector: string): ArrayLike<Element>;
  }
  const domino: { readonly createDocument: (html: string, force: boolean) => Document };
  export default domino;
}
