/** The style of the status page: light and dark by what the reader prefers, narrow and wide. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#ccc, #444); --soft: light-dark(#f4f4f4, #222);
  --bad: light-dark(#a00, #ff8a80); --good: light-dark(#060, #8ce99a); --held: light-dark(#850, #ffd166); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 0 auto; padding: 1rem; }
header { border-left: .5rem solid var(--good); background: var(--soft); padding: .5rem 1rem; }
header.bad { border-color: var(--bad); }
h1 { margin: .2rem 0; }
article { border: 1px solid var(--line); border-left: .4rem solid var(--bad); padding: .2rem 1rem;
  margin: .8rem 0; }
article.held { border-left-color: var(--held); }
h3 { margin: .4rem 0; overflow-wrap: anywhere; }
small { font-weight: normal; border: 1px solid var(--line); padding: 0 .4rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: .4rem 0; }
dt { color: GrayText; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .5rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
tr.fail td:first-child, tr.error td:first-child { color: var(--bad); font-weight: bold; }
tr.pass td:first-child { color: var(--good); }
@media (max-width: 45rem) {
  dl { grid-template-columns: minmax(0, 1fr); }
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { display: block; border: 0; padding: 0 .5rem; }
}
`;
