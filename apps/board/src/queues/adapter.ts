import type { AppViewRoute } from "@bull-board/api/typings/app";
import { ExpressAdapter } from "@bull-board/express";
import type { NextFunction, Request, Response } from "express";
import { adaptEntry } from "./entry.ts";

/** Bull Board's Express adapter with an adapted HTML page, which otherwise loads fonts from Google. */
export class BoardAdapter extends ExpressAdapter {
  readonly #page: { readonly safe: boolean; readonly csrf: string };

  /** `safe`: leave out the buttons whose actions are refused; `csrf`: token of the board's pages. */
  constructor({ basePath, safe, csrf }: { basePath: string; safe: boolean; csrf: string }) {
    super();
    this.#page = { safe, csrf };
    this.setBasePath(basePath);
    this.app.disable("x-powered-by");
  }

  override setEntryRoute(entry: AppViewRoute): this {
    this.app.get(entry.route, (_request: Request, response: Response, next: NextFunction) => {
      const { name, params } = entry.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      this.app.render(name, params, (error: Error | null, page: string) => {
        if (error) next(error);
        else response.send(adaptEntry(page, this.#page));
      });
    });
    return this;
  }
}
