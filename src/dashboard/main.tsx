import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/components.css';
import './styles/shell.css';
import './uploads/uploads.css';
import { App } from './shell/app.tsx';
import { applyStoredTheme } from './shell/theme.ts';

applyStoredTheme();
const root = document.getElementById('app');
if (root === null) throw new TypeError('index.html has no element #app');
render(<App />, root);
