BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # what the registry keeps on disk is what it lists
    function Get-PeerRepository([string] $Name = 'registry') {
        $root = Join-Path $World.Folder $Name 'docker' 'registry' 'v2' 'repositories'
        Get-ChildItem $root -Recurse -Directory -Filter _layers | ForEach-Object { [IO.Path]::GetRelativePath($root, $_.Parent.FullName) } | Sort-Object
    }
}

Describe 'Get-ImageRepository' {
    It 'lists what the registry keeps' {
        Skip-Without Registry
        $repositories = @(Get-ImageRepository $World.Registry)
        $repositories.Repository | Sort-Object | Should -Be @(Get-PeerRepository)
        $repositories.Repository | Should -Contain 'fixture/multi'
        $repositories.Registry | Sort-Object -Unique | Should -BeExactly $World.Registry
        $repositories.Image | Should -Be @($repositories.Repository | ForEach-Object { "$($World.Registry)/$_" })
        "$($repositories[0])" | Should -BeExactly $repositories[0].Image
    }
    It 'takes wildcards on names' {
        Skip-Without Registry
        (Get-ImageRepository $World.Registry FIX*MULTI).Repository | Should -BeExactly 'fixture/multi'
        (Get-ImageRepository $World.Registry "$($World.Registry)/fixture/mul*", none).Repository | Should -BeExactly 'fixture/multi'
        { Get-ImageRepository $World.Registry 'a[' } | Should -Throw -ErrorId 'InvalidImageName,OciTools.Commands.GetImageRepositoryCommand'
    }
    It 'goes on into other cmdlets' {
        Skip-Without Registry
        $digests = @(Get-ImageRepository $World.Registry fixture/multi | Get-ImageTag | Get-ImageDigest)
        $digests | Where-Object Image -Like *:1.0 | ForEach-Object Digest | Should -BeExactly (Get-PeerDigest "docker://$($World.Registry)/fixture/multi:1.0")
        $digests.Count | Should -Be @((Invoke-RestMethod "http://$($World.Registry)/v2/fixture/multi/tags/list" -NoProxy).tags).Count
        (Get-ImageRepository $World.Registry fixture/multi | ForEach-Object { Get-ImageTag $_ }).Image | Should -Be $digests.Image
        # an object of the list names its registry
        @(Get-ImageRepository $World.Registry fixture/multi | Get-ImageRepository).Count | Should -Be @(Get-PeerRepository).Count
    }
    It 'is a line for each, at most 120 wide' {
        Skip-Without Registry
        $PSStyle.OutputRendering = 'PlainText'
        $repositories = @(Get-ImageRepository $World.Registry)
        $lines = ($repositories | Out-String -Width 120) -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be ($repositories.Count + 2)
        $lines | Where-Object Length -GT 120 | Should -BeNullOrEmpty
    }
    It 'follows the pages of the registry' {
        Skip-Without Registry
        $root = Join-Path $World.Folder 'registry' 'docker' 'registry' 'v2' 'repositories' 'pages'
        foreach ($i in 0..1099) { $null = New-Item -ItemType Directory (Join-Path $root ('r{0:0000}' -f $i) '_layers') }
        try {
            $lines = @(Get-ImageRepository $World.Registry pages/* -Verbose 4>&1)
            $found = @($lines | Where-Object { $_ -is [OciTools.ImageRepository] })
            $found.Repository | Should -Be @(0..1099 | ForEach-Object { 'pages/r{0:0000}' -f $_ })
            @($lines | Where-Object { $_ -isnot [OciTools.ImageRepository] -and "$_" -match '_catalog' }).Count | Should -BeGreaterOrEqual 2
            (Get-ImageRepository $World.Registry pages/* | Select-Object -First 1).Repository | Should -BeExactly 'pages/r0000'
        }
        finally { Remove-Item -Recurse -LiteralPath $root }
    }
    It 'says that a registry does not offer its catalogue, and goes on' {
        Skip-Without Registry, BasicRegistry
        $repositories = @($World.BasicRegistry, $World.Registry | Get-ImageRepository -ErrorAction SilentlyContinue -ErrorVariable failure)
        $repositories.Repository | Sort-Object | Should -Be @(Get-PeerRepository)
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CatalogNotOffered,OciTools.Commands.GetImageRepositoryCommand'
        $failure.TargetObject | Should -BeExactly $World.BasicRegistry
    }
    It 'opens for an account' {
        Skip-Without BasicRegistry
        $account = [pscredential]::new('tester', (ConvertTo-SecureString $World.Password -AsPlainText -Force))
        (Get-ImageRepository $World.BasicRegistry -Credential $account).Repository | Should -Be @(Get-PeerRepository registry-basic)
    }
    It 'asks a token server for the catalogue' {
        Skip-Without TokenRegistry
        $account = [pscredential]::new('tester', (ConvertTo-SecureString $World.TokenPassword -AsPlainText -Force))
        (Get-ImageRepository $World.TokenRegistry -Credential $account -TrustedRealm $World.TokenRealm).Repository | Should -Be @(Get-PeerRepository registry-token)
        Get-ImageRepository $World.TokenRegistry -Credential $account -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'RealmNotTrusted,OciTools.Commands.GetImageRepositoryCommand'
    }
    It 'refuses <_>, which is no registry' -ForEach '', 'myhost', 'localhost:5000/', 'http://localhost:5000', 'localhost:port', 'a b', 'localhost:5000/app' {
        Get-ImageRepository $_ -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.GetImageRepositoryCommand'
    }
}
