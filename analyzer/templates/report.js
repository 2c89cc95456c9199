'use strict';
for (const tools of document.querySelectorAll('.tools')) tools.hidden = false;
