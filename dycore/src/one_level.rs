//! Models with one time level as components.

/// Makes a model of f32 or f64 whose steps go from a state to a state a component with a derivative, by its own methods: `$values` is their number of
/// values.
macro_rules! component_of_one_level {
    ($model:ident, $values:ident) => {
        impl<R: FourierReal> terrella_coupling::Component for $model<R> {
            type Real = R;

            fn state_len(&self) -> usize {
                self.$values()
            }

            fn time_step(&self) -> f64 {
                $model::time_step(self)
            }

            fn step(&mut self, memory: &mut [R], _number: usize) -> terrella_coupling::Result<()> {
                Ok($model::step(self, memory)?)
            }
        }

        impl<R: FourierReal> terrella_coupling::Linearised for $model<R> {
            fn tangent_step(
                &mut self,
                memory: &[R],
                _number: usize,
                perturbation: &mut [R],
            ) -> terrella_coupling::Result<()> {
                Ok($model::tangent_step(self, memory, perturbation)?)
            }

            fn adjoint_step(
                &mut self,
                memory: &[R],
                _number: usize,
                sensitivity: &mut [R],
            ) -> terrella_coupling::Result<()> {
                Ok($model::adjoint_step(self, memory, sensitivity)?)
            }
        }
    };
}
pub(crate) use component_of_one_level;
