/**
 * Runs inside a page, in a world of its own that the page's programs cannot reach: what is seen there as HTML,
 * shadow trees included, invisible elements left out, links absolute. Bounded in size.
 *
 * Stands alone: its text is sent to Chromium, so it may use nothing of this file's outside.
 */

/** What it needs of a DOM; this program has none of its own. */
interface Node {
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly childNodes: Iterable<Node>;
}

interface Element extends Node {
  readonly localName: string;
  readonly shadowRoot: Node | null;
  getAttribute(name: string): string | null;
  checkVisibility?(options: object): boolean;
  getBoundingClientRect(): {
    readonly right: number;
    readonly bottom: number;
    readonly width: number;
  };
  assignedNodes?(): readonly Node[];
  readonly contentDocument?: { readonly documentElement: Node } | null;
}

export interface Snapshot {
  readonly html: string;
  readonly cut: boolean;
}

interface World {
  readonly document: { readonly documentElement: Element; readonly baseURI: string };
  readonly scrollX: number;
  readonly scrollY: number;
  getComputedStyle(element: Element): { readonly fontSize: string };
}

/**
 * Its parts are methods of an object: the bundler gives names to all other functions by a helper that pages have not.
 */
export function snapshot(most: number): Snapshot {
  const world = globalThis as unknown as World;
  const taker = {
    parts: [] as string[],
    size: 0,
    cut: false,
    drop: "script style noscript template svg canvas audio video link meta".split(" "),
    always: "html body head title br slot".split(" "),
    empty: "br hr img input wbr col".split(" "),
    kept: "href src alt title colspan rowspan align class id role lang start".split(" "),
    say(text: string): void {
      this.size += text.length;
      if (this.size > most) this.cut = true;
      else this.parts.push(text);
    },
    quoted(text: string): string {
      return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    },
    isSeen(element: Element): boolean {
      if (this.always.includes(element.localName)) return true;
      if (element.checkVisibility?.({ visibilityProperty: true }) === false) return false;
      const { right, bottom, width } = element.getBoundingClientRect();
      // Beyond the upper or the left edge nobody can scroll.
      if (width > 0 && (right + world.scrollX < 0 || bottom + world.scrollY < 0)) return false;
      return Number.parseFloat(world.getComputedStyle(element).fontSize) !== 0;
    },
    attributes(element: Element): string {
      const found = this.kept.map((name) => [name, element.getAttribute(name)] as const);
      const short = found.filter(([, value]) => value !== null && value.length < 4000);
      return short.map(([name, value]) => ` ${name}="${this.quoted(value ?? "")}"`).join("");
    },
    inner(element: Element): Node[] {
      if (element.shadowRoot !== null) return [...element.shadowRoot.childNodes];
      const frame = element.contentDocument?.documentElement;
      if (frame !== undefined) return [frame];
      const assigned = element.localName === "slot" ? (element.assignedNodes?.() ?? []) : [];
      return [...(assigned.length > 0 ? assigned : element.childNodes)];
    },
    take(element: Element, stack: (Node | string)[]): void {
      const name = element.localName;
      if (this.drop.includes(name) || !this.isSeen(element)) return;
      const isOurs = name.includes("-") || name === "slot" || name === "iframe" || name === "frame";
      const tag = isOurs ? "div" : name;
      this.say(`<${tag}${this.attributes(element)}>`);
      if (name === "head") this.say(`<base href="${this.quoted(world.document.baseURI)}">`);
      if (this.empty.includes(name)) return;
      stack.push(`</${tag}>`);
      for (const node of this.inner(element).reverse()) stack.push(node);
    },
  };
  // Without recursion: pages nest as deep as they like.
  const stack: (Node | string)[] = [world.document.documentElement];
  while (stack.length > 0 && !taker.cut) {
    const next = stack.pop();
    if (typeof next === "string") taker.say(next);
    else if (next?.nodeType === 3) taker.say(taker.quoted(next.nodeValue ?? ""));
    else if (next?.nodeType === 1) taker.take(next as Element, stack);
  }
  return { html: taker.parts.join(""), cut: taker.cut };
}
