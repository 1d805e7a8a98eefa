#[derive(::graph_action::serde::Serialize)]
#[serde(crate = "::graph_action::serde", rename_all = "camelCase")]
pub struct CreateToken {
    pub token_validity_in_seconds: i32,
}
#[automatically_derived]
impl ::graph_action::__private::Action for CreateToken {
    const METHOD: ::graph_action::__private::Method = ::graph_action::__private::Method::GET;
    const PATH: &'static str = "";
    const VERSION: ::graph_action::__private::ApiVersion = ::graph_action::__private::ApiVersion::V1;
    const PERMISSIONS: ::graph_action::__private::Permissions = ::graph_action::__private::Permissions {
        delegated: &[],
        personal: &[],
        application: &[],
    };
    const IDEMPOTENT: bool = false;
    type Response = Profile;
}
impl CreateToken {
    /// Stands in for a declaration that does not compile.
    pub fn request(
        &self,
        id: impl ::graph_action::__private::PathValue,
    ) -> ::graph_action::__private::Request<Self> {
        ::graph_action::__private::stub()
    }
}
::core::compile_error! {
    "`{id}`: a placeholder is written `<id>`"
}
::core::compile_error! {
    "say which permission opens the action: write `scope = \"User.Read.All\"`"
}
