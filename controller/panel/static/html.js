// Markup in plain JavaScript: htm's template strings make Preact nodes. Text in them is always text, never markup.

import htm from "./vendor/htm.js";
import { h } from "./vendor/preact.js";

export const html = htm.bind(h);
