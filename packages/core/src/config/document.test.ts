import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configTables, exampleFile, TABLE_BEGIN, TABLE_END, withConfigTables } from "./document.ts";
import { repositorySchema, sections } from "./schema.ts";
import { configOf, REPOSITORY, resolve } from "./testing.fixture.ts";

const root = join(import.meta.dirname, "../../../..");
const shipped = (name: string) => readFileSync(join(root, name), "utf8");

describe("config.example.toml", () => {
  it("is what the schema says (npm run docs)", () => {
    expect(shipped("config.example.toml")).toBe(exampleFile());
  });

  it("is a valid configuration that has only the defaults, but isolates agents", () => {
    const { problems, warnings } = resolve({ text: exampleFile() });
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    const isolated = `${REPOSITORY}\n[agent]\nisolation = "auto"\n`;
    expect(configOf({ text: exampleFile() })).toEqual(configOf({ text: isolated }));
  });

  it("stays good when what is commented out is put in", () => {
    const text = exampleFile()
      .replaceAll(/^#(?=[[a-z])/gm, "")
      .replace('provider = "claude"', 'provider = "command"');
    const config = configOf({ text });
    expect(config.repositories.map(({ repo }) => repo)).toEqual(["hello-world", "spoon-knife"]);
    expect(config.llm.command_template?.[0]).toBe("aider");
  });

  it("has every key", () => {
    const text = exampleFile();
    const keys = [...Object.values(sections), repositorySchema].flatMap(({ shape }) => Object.keys(shape));
    for (const key of keys) expect(text).toMatch(new RegExp(`^#?${key} = `, "m"));
  });
});

describe("docs/configuration.md", () => {
  it("has the tables that the schema says (npm run docs)", () => {
    expect(shipped("docs/configuration.md")).toContain(`${TABLE_BEGIN}\n\n${configTables()}\n\n${TABLE_END}`);
  });

  it("keeps its prose", () => {
    const old = `before\n${TABLE_BEGIN}\nold\n${TABLE_END}\nafter\n`;
    const fresh = withConfigTables(old);
    expect(fresh).toMatch(/^before\n[^]*\nafter\n$/);
    expect(fresh).not.toContain("\nold\n");
    expect(withConfigTables(fresh)).toBe(fresh);
  });

  it("needs its markers", () => {
    expect(() => withConfigTables("nothing")).toThrow(TABLE_BEGIN);
  });
});
