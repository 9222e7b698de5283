import { render } from 'preact';
import { App } from './app';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/controls.css';
import './styles/content.css';
import './styles/graph.css';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
