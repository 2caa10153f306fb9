// Views come for options, and between them whenever the model changes or something more is measured.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FigureProps } from '../../kit/contract.ts';
import type { Options, View } from './options.ts';

/** Milliseconds of measuring between two views. */
const TURN = 120;

/** The newest view of this model. A view for other options puts an end to what came before. */
export function useNewest({ view: given }: Pick<FigureProps<Options, View>, 'view'>) {
  const [newer, setNewer] = useState<{ of: View; view: View }>();
  const current = useRef(given);
  current.current = given;
  const update = async (coming: Promise<View | undefined>) => {
    const of = current.current;
    const view = await coming;
    if (view && of === current.current) setNewer({ of, view });
  };
  return { view: newer?.of === given ? newer.view : given, update };
}

interface Measuring {
  view: View;
  options: Options;
  /** Tensors that the table shows: they go first. */
  seen: readonly number[];
  ask: FigureProps<Options, View>['ask'];
  update(coming: Promise<View | undefined>): Promise<void>;
}

/** Measures, turn by turn, as long as something is missing, the figure is in sight and nobody holds it. */
export function useMeasuring({ view, options, seen, ask, update }: Measuring) {
  const [held, setHeld] = useState(false);
  const inSight = useInSight();
  const { done, of } = view.measured;
  const going = done < of && inSight && !held;
  useEffect(() => setHeld(false), [view.id]);
  useEffect(() => {
    if (going) void update(ask<View>('measure', { options, first: seen, budget: TURN })).catch(() => setHeld(true));
  }, [view, going]);
  return { held, setHeld };
}

/** Whether any of the figure is to be seen. */
function useInSight(): boolean {
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setInSight(entry!.isIntersecting));
    observer.observe(document.querySelector('fewbits-your-model')!);
    return () => observer.disconnect();
  }, []);
  return inSight;
}
