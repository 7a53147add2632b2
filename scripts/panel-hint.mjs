/** The last words of `npm run demo`: where the same report is shown in VS Code. */
console.log(`
The same report as a panel in VS Code:
  1. open this folder in VS Code and press F5: a window with the extension opens
  2. there, right-click samples/dead-relu/model.json and choose "Diagnose Model…"

Or as a page in a browser:
  node dist/cli.js diagnose samples/dead-relu --format html --output report.html --fail-on never
`);
