import { describe, expect, it } from "vitest";
import { configPlaces } from "./resolve.ts";
import { SECRETS } from "./variables.ts";
import { configOf, PATH, problemsOf, REPOSITORY, resolve } from "./testing.fixture.ts";

const NO_TARGETS = { slackUrl: null, ntfyUrl: null, ntfyToken: null, webhookUrl: null };

describe("problems", () => {
  it("are reported all at once, each with key, found and expected", () => {
    const text = `
surprise = 1
[coordinator]
max_attempts = 0
poll_interval_seconds = "often"
max_usd_per_day = 1
max_workers = 3
[github]
repo_owner = "no/slash"
repo_name = "hello-world"
[llm]
provider = "command"
[board]
port = 70000
[nonsense]
a = 1
`;
    const env = {
      REDIS_URL: "localhost:6379",
      LOG_LEVEL: "loud",
      TAC8_BOARD_PORT: "http",
      GITHUB_API_URL: "ftp://host",
      GITHUB_TOKEN_FILE: "/run/secrets/none",
    };
    const problems = problemsOf({ text, env });
    expect(Object.keys(problems).sort()).toEqual([
      "GITHUB_API_URL",
      "GITHUB_TOKEN_FILE",
      "LOG_LEVEL",
      "REDIS_URL",
      "TAC8_BOARD_PORT",
      "board.port",
      "coordinator.max_attempts",
      "coordinator.max_usd_per_day",
      "coordinator.max_workers",
      "coordinator.poll_interval_seconds",
      "github.repo_owner",
      "llm.command_template",
      "nonsense",
      "surprise",
    ]);
    expect(problems["coordinator.max_attempts"]).toMatch(/^found 0: .*>=1/);
    expect(problems["coordinator.poll_interval_seconds"]).toMatch(/^found "often": expected a number$/);
    expect(problems["github.repo_owner"]).toBe(
      'found "no/slash": expected a GitHub user or organization, such as octo',
    );
    expect(problems["coordinator.max_workers"]).toBe("unknown key");
    expect(problems["coordinator.max_usd_per_day"]).toBe("unknown key; a key of this name is in [llm]");
    expect(problems["LOG_LEVEL"]).toMatch(/^found "loud", expected one of .*info/);
    expect(problems["REDIS_URL"]).toBe(
      'found "localhost:6379", expected redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH: write redis://localhost:6379',
    );
    expect(problems["GITHUB_TOKEN_FILE"]).toContain("cannot read /run/secrets/none");
  });

  it("are in words for people", () => {
    const text = `[[repositories]]\nrepo_name = "hello"\n[github]\nissue_label = ""\n[coordinator]\nmax_workers_per_host = 1`;
    const problems = problemsOf({ text });
    expect(problems["repositories.0.repo_owner"]).toBe("it is missing: expected a text");
    expect(problems["github.issue_label"]).toBe('found "": it must not be empty');
  });

  it("of two tables do not hide a missing repository, nor an unknown key in its table", () => {
    const problems = problemsOf({ text: '[github]\nrepo_owner = "octo"\ntoken = "x"\n[board]\nport = -1\n' });
    expect(Object.keys(problems).sort()).toEqual(["board.port", "github.repo_name", "github.token"]);
  });

  it("say where the file is no TOML", () => {
    expect(problemsOf({ text: "[github]\nrepo_owner = octo\n" })[PATH]).toMatch(/^not valid TOML at line 2, column/);
  });

  it("name the places that were searched for a file, in one line", () => {
    const here = "/cwd/config.toml";
    const cure = "and set your repository in it, or run tac8 demo";
    expect(resolve({ text: null, searched: [here, "/h/config.toml"] }).problems).toEqual([
      {
        key: "",
        place: "file",
        message: `no configuration file (neither ${here} nor /h/config.toml exists): copy config.example.toml to one of these places ${cure}`,
      },
    ]);
    expect(resolve({ text: null, searched: [here] }).problems[0]?.message).toBe(
      `no configuration file (${here} does not exist): copy config.example.toml there ${cure}`,
    );
  });

  it("say in one line that HOME is needed, or TAC8_HOME", () => {
    for (const env of [
      { XDG_DATA_HOME: "" },
      { XDG_DATA_HOME: "relative", HOME: "" },
      { XDG_DATA_HOME: "", HOME: "pi" },
    ]) {
      expect(Object.values(problemsOf({ env }))).toEqual([expect.stringMatching(/^HOME is not.*set TAC8_HOME$/)]);
    }
    expect(configOf({ env: { XDG_DATA_HOME: "", TAC8_HOME: "/data" } }).dataFolder).toBe("/data");
  });

  it("say what to do where there is no file, and still what is wrong in the environment", () => {
    const problems = problemsOf({ text: null, env: { LOG_LEVEL: "loud" } });
    expect(problems[PATH]).toContain("copy config.example.toml there");
    expect(problems["LOG_LEVEL"]).toBeDefined();
  });

  it.each(["redis://:sesame%zz@host", "redis://me:sesame@", "redis://:x/sesame@host", "me:sesame@host:6379"])(
    "never show a password: %s",
    (url) => {
      const message = problemsOf({ env: { REDIS_URL: url } })["REDIS_URL"];
      expect(message).toMatch(/^found "\*\*\*@.*expected redis:\/\/HOST:PORT,/);
      expect(message).not.toContain("sesame");
    },
  );

  it.each([
    ["none", "", ["github.repo_owner", "github.repo_name"]],
    ["an owner alone", '[github]\nrepo_owner = "octo"', ["github.repo_name"]],
    ["twice", `${REPOSITORY}[[repositories]]\nrepo_owner = "OCTO"\nrepo_name = "Hello-World"`, ["repositories"]],
    ["a dotted owner", '[github]\nrepo_owner = "a.b"\nrepo_name = "x"', ["github.repo_owner"]],
    ["a way out", '[github]\nrepo_owner = "a"\nrepo_name = ".."', ["github.repo_name"]],
    ["worktrees outside", `${REPOSITORY}[worktree]\nbase_dir = "a/../../b"`, ["worktree.base_dir"]],
    ["worktrees among temporary files", `${REPOSITORY}[worktree]\nbase_dir = "tmp"`, ["worktree.base_dir"]],
    ["a comma in a label", `${REPOSITORY}issue_label = "a,b"`, ["github.issue_label"]],
    ["a foreign program", `${REPOSITORY}[llm]\ncommand_template = ["aider"]`, ["llm.command_template"]],
    [
      "a template without the prompt",
      `${REPOSITORY}[llm]\nprovider = "command"\ncommand_template = ["aider"]`,
      ["llm.command_template"],
    ],
  ])("repositories and templates: %s", (_, text, keys) => {
    expect(Object.keys(problemsOf({ text }))).toEqual(keys);
  });
});

describe("what a configuration says", () => {
  it("has defaults for everything but the repository", () => {
    const config = configOf();
    expect(config.repositories).toEqual([
      {
        owner: "octo",
        repo: "hello-world",
        issueLabel: "rpi-auto",
        baseBranch: "",
        branch: "auto/gh-{number}",
        draft: false,
        runsOn: [],
      },
    ]);
    expect(config).toMatchObject({
      redisUrl: "redis://127.0.0.1:6379",
      dataFolder: expect.stringMatching(/^\/srv\/tac8\/tac8-[0-9a-f]{8}$/),
      logLevel: "info",
      board: { host: "127.0.0.1", port: 3000 },
      github: { api_url: "https://api.github.com" },
      secrets: { github: null, boardPassword: null, notify: NO_TARGETS, values: [] },
    });
  });

  it("takes more repositories, which inherit label and draft but not the base branch", () => {
    const text = `${REPOSITORY}issue_label = "go"\ndraft = true\nbase_branch = "next"
[[repositories]]\nrepo_owner = "octo"\nrepo_name = "my.dotted.repo"\n`;
    expect(configOf({ text }).repositories[1]).toEqual({
      owner: "octo",
      repo: "my.dotted.repo",
      issueLabel: "go",
      baseBranch: "",
      branch: "auto/gh-{number}",
      draft: true,
      runsOn: [],
    });
  });

  it("lets the environment go before the file", () => {
    const text = `${REPOSITORY}api_url = "https://one.example/api/v3"\n[board]\nhost = "10.0.0.1"\nport = 1\n`;
    const env = {
      REDIS_URL: "rediss://:pass-word@redis.example:1",
      TAC8_HOME: "data",
      GITHUB_API_URL: "http://127.0.0.1:99/",
      TAC8_BOARD_HOST: "0.0.0.0",
      TAC8_BOARD_PORT: "0",
      LOG_LEVEL: "debug",
    };
    expect(configOf({ text, env })).toMatchObject({
      redisUrl: env.REDIS_URL,
      dataFolder: "/etc/tac8/data",
      github: { api_url: "http://127.0.0.1:99" },
      board: { host: "0.0.0.0", port: 0 },
      logLevel: "debug",
      secrets: { values: ["pass-word"] },
    });
    expect(configOf({ text, env: { TAC8_HOME: "/data", LOG_LEVEL: "", TAC8_BOARD_PORT: "" } })).toMatchObject({
      dataFolder: "/data",
      logLevel: "info",
      board: { port: 1 },
    });
  });

  it("reads secrets from files, and what the environment says goes before them", () => {
    const files = { "/s/token": "token-of-file\n", "/s/key": "key-of-file\n", "/s/board": " board-password \n" };
    const env = {
      GITHUB_TOKEN: "token-of-env",
      GITHUB_TOKEN_FILE: "/s/token",
      ANTHROPIC_API_KEY_FILE: "/s/key",
      TAC8_BOARD_PASSWORD_FILE: "/s/board",
    };
    const { secrets, agentEnv } = configOf({ env, files });
    expect(secrets).toMatchObject({ github: { token: "token-of-env" }, boardPassword: "board-password" });
    expect([...secrets.values].sort()).toEqual(["board-password", "key-of-file", "token-of-env"]);
    expect([...secrets.files].sort()).toEqual(["/etc/tac8/config.toml", "/s/board", "/s/key", "/s/token"]);
    expect(agentEnv["ANTHROPIC_API_KEY"]).toBe("key-of-file");
  });

  it("a gateway's token and headers are secrets of this installation, which agents get", () => {
    const env = {
      ANTHROPIC_AUTH_TOKEN: "gateway-token",
      ANTHROPIC_CUSTOM_HEADERS: "X-Team: platform\nX-Api-Key: gateway-header",
    };
    const { secrets, agentEnv } = configOf({ env });
    expect([...secrets.values].sort()).toEqual(["gateway-header", "gateway-token"]);
    expect(agentEnv).toMatchObject(env);
    const files = { "/s/gateway": "token-of-file\n" };
    expect(configOf({ env: { ANTHROPIC_AUTH_TOKEN_FILE: "/s/gateway" }, files }).agentEnv).toMatchObject({
      ANTHROPIC_AUTH_TOKEN: "token-of-file",
    });
  });

  it("reads the targets of notifications from the environment, redacts them, and withholds them from agents", () => {
    const env = {
      TAC8_SLACK_URL: "https://hooks.slack.com/services/T/B/x",
      TAC8_NTFY_URL: "https://ntfy.sh/my-topic",
      TAC8_NTFY_TOKEN: "tk_secret",
      TAC8_WEBHOOK_URL: "http://10.0.0.1/hook",
    };
    const { secrets, agentEnv } = configOf({
      env,
      text: `${REPOSITORY}[agent]\nenv = ["TAC8_SLACK_URL", "TAC8_NTFY_TOKEN"]\n`,
    });
    expect(secrets.notify).toEqual({
      slackUrl: env.TAC8_SLACK_URL,
      ntfyUrl: env.TAC8_NTFY_URL,
      ntfyToken: env.TAC8_NTFY_TOKEN,
      webhookUrl: env.TAC8_WEBHOOK_URL,
    });
    expect(secrets.values).toEqual(expect.arrayContaining(Object.values(env)));
    expect(agentEnv).toEqual({});
    expect(SECRETS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(env)));
    const wrong = problemsOf({ env: { TAC8_SLACK_URL: "secret-word", TAC8_NTFY_URL: "https://ntfy.sh/" } });
    expect(wrong).toEqual({
      TAC8_SLACK_URL: "it is not a valid address: expected https://hooks.slack.com/services/…",
      TAC8_NTFY_URL: "it is not a valid address: expected https://HOST/TOPIC",
    });
  });

  it("finds its file by flag, variable or folder, in this order", () => {
    const env = { TAC8_CONFIG: "of-env.toml", HOME: "/home/pi" };
    const named = (path: string) => ({ named: true, paths: [path] });
    const searched = (...paths: string[]) => ({ named: false, paths });
    expect(configPlaces("of-flag.toml", env, "/cwd")).toEqual(named("/cwd/of-flag.toml"));
    expect(configPlaces(undefined, env, "/cwd")).toEqual(named("/cwd/of-env.toml"));
    expect(configPlaces("/a/b.toml", env, "/cwd")).toEqual(named("/a/b.toml"));
    const ofUser = "/home/pi/.config/tac8/config.toml";
    expect(configPlaces("", { HOME: "/home/pi" }, "/cwd")).toEqual(searched("/cwd/config.toml", ofUser));
    const xdg = { HOME: "/home/pi", XDG_CONFIG_HOME: "/xdg" };
    expect(configPlaces("", xdg, "/cwd")).toEqual(searched("/cwd/config.toml", "/xdg/tac8/config.toml"));
    expect(configPlaces("", {}, "/cwd")).toEqual(searched("/cwd/config.toml"));
  });
});

describe("the older coordinator's file", () => {
  const OLD = `
[coordinator]
max_concurrent_workers = 3
poll_interval_seconds = 30
worker_timeout_hours = 2

[github]
repo_owner = "octo"
repo_name = "widgets"
issue_label = "rpi-auto"

[llm]
provider = "claude"
command_template = ["claude", "-p", "{prompt_file}", "--model", "{model}", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"]
model_default = "claude-sonnet-4-5"

[worktree]
base_dir = "trees"
`;

  it("is accepted as it is; its template names the program", () => {
    const { config, problems, warnings } = resolve({ text: OLD });
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(config?.llm).toMatchObject({ provider: "claude", command: ["claude"] });
    const elsewhere = OLD.replace('["claude",', '["/opt/bin/claude",');
    expect(configOf({ text: elsewhere }).llm.command).toEqual(["/opt/bin/claude"]);
    const both = OLD.replace("[llm]", '[llm]\ncommand = ["mine"]');
    expect(configOf({ text: both }).llm.command).toEqual(["mine"]);
  });
});

it("refuses labels that mean two things, whatever their case", () => {
  const text = `${REPOSITORY}issue_label = "go"\nlabel_done = "GO"\nlabel_failed = "rpi-working"\n`;
  const { problems } = resolve({ text });
  expect(problems.map((problem) => problem.key)).toEqual(["github.label_done", "github.label_failed"]);
});

it.each(["--upload-pack=x", "a b", "a..b^"])("refuses the base branch %s", (name) => {
  const { problems } = resolve({ text: `${REPOSITORY}base_branch = ${JSON.stringify(name)}\n` });
  expect(problems.map((problem) => problem.key)).toEqual(["github.base_branch"]);
});
