//! The structs of the interface, byte for byte; field names are those of the header.

use std::ffi::{c_char, c_double, c_int, c_void};
use std::mem::offset_of;

/// `struct Trans_t`: a resolution, with what is known about it.
#[repr(C)]
#[allow(non_snake_case, reason = "the header's names")]
pub(super) struct Trans {
    pub(super) ndgl: c_int,
    pub(super) nloen: *mut c_int,
    pub(super) nlon: c_int,
    pub(super) nsmax: c_int,
    pub(super) llam: c_int,
    pub(super) lsplit: c_int,
    pub(super) llatlon: c_int,
    pub(super) flt: c_int,
    pub(super) fft: c_int,
    pub(super) readfp: *mut c_char,
    pub(super) writefp: *mut c_char,
    pub(super) cache: *const c_void,
    pub(super) cachesize: usize,
    pub(super) myproc: c_int,
    pub(super) nproc: c_int,
    pub(super) handle: c_int,
    pub(super) nspec: c_int,
    pub(super) nspec2: c_int,
    pub(super) nspec2g: c_int,
    pub(super) nspec2mx: c_int,
    pub(super) nump: c_int,
    pub(super) ngptot: c_int,
    pub(super) ngptotg: c_int,
    pub(super) ngptotmx: c_int,
    pub(super) ngptotl: *mut c_int,
    pub(super) nmyms: *mut c_int,
    pub(super) nasm0: *mut c_int,
    pub(super) nprtrw: c_int,
    pub(super) numpp: *mut c_int,
    pub(super) npossp: *mut c_int,
    pub(super) nptrms: *mut c_int,
    pub(super) nallms: *mut c_int,
    pub(super) ndim0g: *mut c_int,
    pub(super) nvalue: *mut c_int,
    pub(super) n_regions_NS: c_int,
    pub(super) n_regions_EW: c_int,
    pub(super) my_region_NS: c_int,
    pub(super) my_region_EW: c_int,
    pub(super) n_regions: *mut c_int,
    pub(super) nfrstlat: *mut c_int,
    pub(super) nlstlat: *mut c_int,
    pub(super) nfrstloff: c_int,
    pub(super) nptrlat: *mut c_int,
    pub(super) nptrfrstlat: *mut c_int,
    pub(super) nptrlstlat: *mut c_int,
    pub(super) nptrfloff: c_int,
    pub(super) nsta: *mut c_int,
    pub(super) nonl: *mut c_int,
    pub(super) ldsplitlat: *mut c_int,
    pub(super) nprtrns: c_int,
    pub(super) nultpp: *mut c_int,
    pub(super) nptrls: *mut c_int,
    pub(super) nnmeng: *mut c_int,
    pub(super) rmu: *mut c_double,
    pub(super) rgw: *mut c_double,
    pub(super) rpnm: *mut c_double,
    pub(super) nlei3: c_int,
    pub(super) nspolegl: c_int,
    pub(super) npms: *mut c_int,
    pub(super) rlapin: *mut c_double,
    pub(super) ndglu: *mut c_int,
    pub(super) pexwn: c_double,
    pub(super) peywn: c_double,
    pub(super) pweight: *mut c_double,
    pub(super) ndgux: c_int,
    pub(super) nmsmax: c_int,
    pub(super) mvalue: *mut c_int,
}

/// `struct DirTrans_t` and `struct DirTransAdj_t`.
#[repr(C)]
pub(super) struct Direct {
    pub(super) rgp: *mut c_double,
    pub(super) rspscalar: *mut c_double,
    pub(super) rspvor: *mut c_double,
    pub(super) rspdiv: *mut c_double,
    pub(super) rmeanu: *const c_double,
    pub(super) rmeanv: *const c_double,
    pub(super) nproma: c_int,
    pub(super) nscalar: c_int,
    pub(super) nvordiv: c_int,
    pub(super) ngpblks: c_int,
    pub(super) lglobal: c_int,
    pub(super) trans: *mut Trans,
    pub(super) count: c_int,
}

/// `struct InvTrans_t` and `struct InvTransAdj_t`.
#[repr(C)]
#[allow(non_snake_case, reason = "the header's names")]
pub(super) struct Inverse {
    pub(super) rspscalar: *mut c_double,
    pub(super) rspvor: *mut c_double,
    pub(super) rspdiv: *mut c_double,
    pub(super) rmeanu: *const c_double,
    pub(super) rmeanv: *const c_double,
    pub(super) rgp: *mut c_double,
    pub(super) nproma: c_int,
    pub(super) nscalar: c_int,
    pub(super) nvordiv: c_int,
    pub(super) lscalarders: c_int,
    pub(super) luvder_EW: c_int,
    pub(super) lvordivgp: c_int,
    pub(super) ngpblks: c_int,
    pub(super) lglobal: c_int,
    pub(super) trans: *mut Trans,
    pub(super) count: c_int,
}

/// `struct DistGrid_t` and `struct GathGrid_t`; `tasks` is their `nfrom` and `nto`.
#[repr(C)]
pub(super) struct GridFields {
    pub(super) rgpg: *mut c_double,
    pub(super) rgp: *mut c_double,
    pub(super) tasks: *const c_int,
    pub(super) nproma: c_int,
    pub(super) nfld: c_int,
    pub(super) ngpblks: c_int,
    pub(super) trans: *mut Trans,
    pub(super) count: c_int,
}

/// `struct DistSpec_t` and `struct GathSpec_t`.
#[repr(C)]
pub(super) struct Spectra {
    pub(super) rspecg: *mut c_double,
    pub(super) rspec: *mut c_double,
    pub(super) tasks: *const c_int,
    pub(super) nfld: c_int,
    pub(super) trans: *mut Trans,
    pub(super) count: c_int,
}

/// `struct VorDivToUV_t`.
#[repr(C)]
pub(super) struct WindSpectra {
    pub(super) rspvor: *const c_double,
    pub(super) rspdiv: *const c_double,
    pub(super) rspu: *mut c_double,
    pub(super) rspv: *mut c_double,
    pub(super) nfld: c_int,
    pub(super) nsmax: c_int,
    pub(super) ncoeff: c_int,
    pub(super) count: c_int,
}

/// `struct SpecNorm_t`.
#[repr(C)]
pub(super) struct Norm {
    pub(super) rspec: *const c_double,
    pub(super) nmaster: c_int,
    pub(super) rmet: *const c_double,
    pub(super) rnorm: *mut c_double,
    pub(super) nfld: c_int,
    pub(super) trans: *mut Trans,
    pub(super) count: c_int,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Trans>() == 440 && size_of::<Direct>() == 88 && size_of::<Inverse>() == 96);
    assert!(size_of::<GridFields>() == 56 && size_of::<Spectra>() == 48);
    assert!(size_of::<WindSpectra>() == 48 && size_of::<Norm>() == 56);
    assert!(offset_of!(Trans, nspec2) == 96 && offset_of!(Trans, ngptot) == 112);
    assert!(offset_of!(Trans, rmu) == 344 && offset_of!(Trans, pexwn) == 400);
    assert!(offset_of!(Trans, mvalue) == 432);
    assert!(offset_of!(Direct, nproma) == 48 && offset_of!(Direct, trans) == 72);
    assert!(offset_of!(Inverse, nproma) == 48 && offset_of!(Inverse, trans) == 80);
};
