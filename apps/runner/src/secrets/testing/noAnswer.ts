// A scanner that a hostile text has broken: its answers are not valid.
process.stdin.once("data", () =>
  process.stdout.write('{"known":{"findings":[],"count":0,"digest":""}}\n{"patterns":1}\n'),
);
