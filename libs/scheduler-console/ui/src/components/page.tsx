import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A page with its heading, which takes the focus when the page is opened, so that readers hear where they are. */
export function Page(props: {
  title: string;
  aside?: ComponentChildren;
  over?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Scheduler`;
  }, [props.title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <>
      <header class="page-head">
        <div class="page-title">
          {props.over && <div class="crumbs">{props.over}</div>}
          <h1 ref={heading} tabIndex={-1}>
            {props.title}
          </h1>
        </div>
        {props.aside && <div class="page-actions">{props.aside}</div>}
      </header>
      {props.children}
    </>
  );
}

export function Panel(props: {
  title?: string;
  aside?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section class={props.flush ? 'panel panel-flush' : 'panel'} aria-label={props.title}>
      {props.title !== undefined && (
        <header class="panel-head">
          <h2>{props.title}</h2>
          {props.aside}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** Terms and what they are. */
export function Facts({ items }: { items: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {items.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
