//! What the macro emits, held as formatted files in `snapshots/`. After a wanted change run the tests
//! with `UPDATE_EXPECT=1`, and read the difference.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, File, Item};

#[test]
fn create_token() {
    let args = quote! {
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        scope = "DeviceManagementConfiguration.ReadWrite.All",
        version = "beta",
    };
    let item = quote! {
        /// Creates an enrollment token for an Android for Work profile.
        #[derive(Debug, Clone)]
        pub struct CreateToken {
            /// For how long it is good.
            pub token_validity_in_seconds: i32,
        }
    };
    holds(args, &item, &expect_file!["../snapshots/create_token.rs"]);
}

#[test]
fn unit_struct_that_reads() {
    let args = quote! {
        get = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
        scope = [
            "DeviceManagementConfiguration.Read.All",
            "DeviceManagementConfiguration.ReadWrite.All",
        ],
        returns = Profile,
        crate = ::graph,
    };
    let item = quote! {
        pub(crate) struct GetProfile;
    };
    holds(args, &item, &expect_file!["../snapshots/get_profile.rs"]);
}

#[test]
fn everything_a_struct_can_have() {
    let args = quote! {
        patch = "/users/<user_id>/todo/lists/<r_list>",
        delegated = ["Tasks.ReadWrite"],
        personal = ["Tasks.ReadWrite"],
        application = [],
        returns = Collection<T>,
    };
    let item = quote! {
        #[serde(deny_unknown_fields)]
        struct UpdateList<'a, T: Clone, const N: usize> where T: Send {
            user_id: &'a str,
            r#type: Option<T>,
            #[serde(skip_serializing_if = "Option::is_none", rename = "Kind")]
            kind: Option<[u8; N]>,
        }
    };
    holds(args, &item, &expect_file!["../snapshots/update_list.rs"]);
}

#[test]
fn lifetimes_do_not_hold_a_request() {
    let args = quote! { post = "/teams/<id>/archive", scope = "Team.ReadWrite.All" };
    let item = quote! {
        struct Archive<'a, const N: usize> { note: &'a [u8; N], due: Option<&'a str>, by: Nullable<String> }
    };
    holds(args, &item, &expect_file!["../snapshots/archive.rs"]);
}

#[test]
fn stub() {
    let args = quote! {
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/{id}/createToken",
        returns = Profile,
    };
    let item = quote! {
        pub struct CreateToken {
            pub token_validity_in_seconds: i32,
        }
    };
    holds(args, &item, &expect_file!["../snapshots/stub.rs"]);
}

#[track_caller]
fn holds(args: TokenStream, item: &TokenStream, snapshot: &ExpectFile) {
    let tokens = crate::expand(args, item);
    let mut file: File = syn::parse2(tokens).expect("the macro emits items");
    put_instead(&mut file);
    snapshot.assert_eq(&prettyplease::unparse(&file));
}

/// Expands `#[instead(...)]`, as the compiler does next.
fn put_instead(file: &mut File) {
    let Some(Item::Struct(item)) = file.items.first() else {
        panic!("the struct comes first");
    };
    let is_instead = |attribute: &&Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|segment| segment.ident == "instead")
    };
    if let Some(attribute) = item.attrs.iter().find(is_instead) {
        file.items[0] = attribute.parse_args().expect("an item");
    }
}
