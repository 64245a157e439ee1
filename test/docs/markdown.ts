/** Text for a cell of a Markdown table. */
export const cell = (text: string): string =>
  text.replaceAll("\n", " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
