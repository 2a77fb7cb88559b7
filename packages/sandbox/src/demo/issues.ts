import type { Script, Step } from "../agent/script.ts";

interface DemoIssue {
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
}

const SECOND = 1000;

const pause = (seconds: number): Step => ({ wait: seconds * SECOND });

/** Append the script to a body, in a collapsed section. */
const withScript = (text: string, script: Script): string =>
  `${text}\n\n<details><summary>How the scripted agent will work on this</summary>\n\n\`\`\`tac8-script\n${JSON.stringify(script, null, 1)}\n\`\`\`\n</details>\n`;

const TRIM_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { greet } from "../src/greet.js";

test("ignores spaces around a name", () => {
  assert.equal(greet("  Ada "), "Hello, Ada!");
});
`;

const TRIMMED = `import { greetings } from "./languages.js";

/** Return a greeting for one name, without spaces around it. */
export function greet(name, language = "en") {
  return \`\${greetings[language]}, \${name.trim()}!\`;
}
`;

const UNKNOWN = `import { greetings } from "./languages.js";

/** Return a greeting for one name. @throws RangeError for an unknown language */
export function greet(name, language = "en") {
  const greeting = greetings[language];
  if (greeting === undefined) throw new RangeError(\`no greeting in \${language}: use \${Object.keys(greetings).join(", ")}\`);
  return \`\${greeting}, \${name}!\`;
}
`;

const UNKNOWN_TEST = `import assert from "node:assert/strict";

test("names the languages it knows", () => {
  assert.throws(() => greet("Ada", "xx"), /en, de, fr/);
});
`;

const LANGUAGES = `export const greetings = { en: "Hello", de: "Hallo", fr: "Bonjour", es: "Hola", it: "Ciao" };
`;

const fixedAtOnce: DemoIssue = {
  title: "Spaces around a name end up in the greeting",
  labels: ["bug", "rpi-auto"],
  body: withScript(
    'People paste names with spaces around them. `greet("  Ada ")` gives `Hello,   Ada !`; it should give `Hello, Ada!`.',
    [
      { think: "A test first, then the fix." },
      { say: "I start with a test that shows the problem." },
      pause(1),
      { write: "test/trim.test.js", text: TRIM_TEST },
      pause(1),
      { write: "src/greet.js", text: TRIMMED },
      { bash: "node --test" },
      pause(1),
      { commit: "fix: ignore spaces around a name" },
      { result: "`greet` trims the name now. A test covers names with spaces on either side." },
    ],
  ),
};

const secondTry: DemoIssue = {
  title: "Add Spanish and Italian",
  labels: ["enhancement", "rpi-auto"],
  body: withScript("We greet in English, German and French. Please add Spanish (`Hola`) and Italian (`Ciao`).", {
    first: [
      { say: "I read the existing languages first." },
      { bash: "cat src/languages.js" },
      pause(2),
      { crash: true },
    ],
    again: [
      { say: "My last run was interrupted, so I continue where it stopped." },
      { write: "src/languages.js", text: LANGUAGES },
      pause(1),
      { bash: "node --test" },
      { commit: "feat: greet in Spanish and Italian" },
      { result: "Added `es` and `it`. The first try crashed; nothing was lost." },
    ],
  }),
};

const asks: DemoIssue = {
  title: "Greet a whole group",
  labels: ["enhancement", "rpi-auto"],
  body: withScript("It would be nice to greet several people with one call.", {
    first: [
      { think: "Two people, or twenty? The wording differs." },
      { bash: "ls src test" },
      pause(2),
      {
        ask: "How should a group be greeted?\n\n1. Everyone by name: `Hello, Ada, Bob and Cy!`\n2. All together: `Hello, everyone!`\n\nPlease answer with 1 or 2.\n",
      },
      { result: "I need a decision before I can continue: how should a group be greeted?" },
    ],
    again: [
      { say: "Thanks for the answer. Now I can continue." },
      {
        write: "src/group.js",
        text: 'import { greetings } from "./languages.js";\n\n/** One greeting for several people. */\nexport function greetAll(names, language = "en") {\n  const list = new Intl.ListFormat(language).format(names);\n  return `${greetings[language]}, ${list}!`;\n}\n',
      },
      pause(1),
      { commit: "feat: greet a whole group" },
      { result: "`greetAll` greets several people with one call, as answered in the issue." },
    ],
  }),
};

const nothingToDo: DemoIssue = {
  title: "The tests fail on my machine",
  labels: ["question", "rpi-auto"],
  body: withScript("`node --test` fails here, but I can't say how. Does it work for you?", [
    { say: "I run the tests as the README says." },
    { bash: "node --test 2>&1 | tail -n 8" },
    pause(1),
    { result: "All tests pass here, so there is nothing to change. Which version of Node do you use?" },
  ]),
};

const urgent: DemoIssue = {
  title: "Unknown languages greet with “undefined”",
  labels: ["bug", "priority:P0", "rpi-auto"],
  body: withScript('`greet("Ada", "xx")` gives `undefined, Ada!`. This is on our front page!', [
    { say: "This one is urgent: a test, then the fix." },
    { write: "test/unknown.test.js", text: UNKNOWN_TEST },
    { bash: "node --test 2>&1 | tail -n 8" },
    pause(1),
    { write: "src/greet.js", text: UNKNOWN },
    { bash: "node --test 2>&1 | tail -n 8" },
    pause(1),
    { commit: "fix: refuse unknown languages instead of greeting with undefined" },
    { result: "An unknown language is a `RangeError` that names the languages we have." },
  ]),
};

/** Issues in the order in which they are opened. The urgent one is the last, and is processed first. */
export const DEMO_ISSUES: readonly DemoIssue[] = [fixedAtOnce, secondTry, asks, nothingToDo, urgent];
