/** Something that a person should know and that stops nothing else. */
export interface Finding {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}
