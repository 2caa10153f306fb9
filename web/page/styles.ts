// All styles of the page, in one file for the first paint.
import './kit/tokens.css';
import './kit/base.css';
import './kit/controls.css';
import './kit/figure.css';
import './kit/frame.css';
import './kit/lanes/style.css';

import.meta.glob('./sections/*/style.css', { eager: true });
