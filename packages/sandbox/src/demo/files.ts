const README = `# greeter

Says hello, politely and in several languages.

    import { greet } from "./src/greet.js";
    greet("Ada"); // Hello, Ada!

Run the tests with \`node --test\`.
`;

const GREET = `import { greetings } from "./languages.js";

/** Return a greeting for one name. */
export function greet(name, language = "en") {
  return \`\${greetings[language]}, \${name}!\`;
}
`;

const LANGUAGES = `export const greetings = { en: "Hello", de: "Hallo", fr: "Bonjour" };
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { greet } from "../src/greet.js";

test("greets in English unless asked otherwise", () => {
  assert.equal(greet("Ada"), "Hello, Ada!");
});
`;

const PACKAGE = `{
  "name": "greeter",
  "version": "1.0.0",
  "type": "module",
  "scripts": { "test": "node --test" }
}
`;

/** The demo's repository: path → content. */
export const DEMO_FILES: Readonly<Record<string, string>> = {
  "README.md": README,
  "package.json": PACKAGE,
  "src/greet.js": GREET,
  "src/languages.js": LANGUAGES,
  "test/greet.test.js": TEST,
};
