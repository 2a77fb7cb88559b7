// A scanner that every text makes crash.
process.stdin.once("data", () => process.abort());
