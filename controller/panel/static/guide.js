// A page of the operators' guide: only its looks are code.

import { applyTheme } from "./look.js";

applyTheme();
